#include "broker/session/channel.h"

#include <algorithm>
#include <utility>

namespace headgate::broker {
namespace {

constexpr size_t kOfferBytes = 64 * 1024;  // worth a write of its own
constexpr size_t kSmallBuffer = 4096;      // kept for the next packet in pieces; larger ones are given back

}  // namespace

NextFrame FrameAssembler::next(core::Bytes& input, size_t packet_bytes_max, bool v3_1) {
  if (delivered_) {
    delivered_ = false;
    partial_.clear();
    if (partial_.capacity() > kSmallBuffer) partial_.shrink_to_fit();
  }
  if (partial_.empty()) {
    NextFrame next = next_frame(input, packet_bytes_max, v3_1);
    if (next.kind == NextFrame::Kind::frame) input.remove_prefix(next.frame.bytes);
    if (next.kind == NextFrame::Kind::need_more) {
      partial_.assign(input);
      input = {};
    }
    return next;
  }
  for (;;) {
    NextFrame next = next_frame(partial_, packet_bytes_max, v3_1);
    if (next.kind == NextFrame::Kind::frame) delivered_ = true;
    if (next.kind != NextFrame::Kind::need_more || input.empty()) return next;
    // Take just what completes this packet, so that the ones behind it are read where they lie.
    const size_t missing = next.total_bytes ? next.total_bytes - partial_.size() : 1;
    const size_t take = std::min(missing, input.size());
    partial_.append(input.substr(0, take));
    input.remove_prefix(take);
  }
}

void Channel::take_out(std::string& into) {
  handed_out_ += out_.size();
  if (traffic) traffic->bytes_out += out_.size();
  if (into.empty()) {
    into.swap(out_);
  } else {
    into.append(out_);
    out_.clear();
  }
}

void Channel::offer(core::Now now) {
  if (out_.size() < kOfferBytes && now.mono_ms == offered_ms_) return;
  offered_ms_ = now.mono_ms;
  shell_.offer();
}

bool Channel::keep_if_it_fits(size_t begin) {
  if (out_.size() - begin <= client_packet_bytes_max) return true;
  out_.resize(begin);
  return false;
}

// [MQTT-3.14.4-2, MQTT-4.13.2-1]; 3.1.1 [MQTT-4.8.0-1]
void Channel::close(ReasonCode reason, std::string_view why) {
  if (closing_) return;
  closing_ = true;
  close_reason_ = reason;
  close_text_ = why.empty() ? name(reason) : why;
  wake();
}

void Channel::wake() {
  if (woken_) return;
  woken_ = true;
  shell_.wake();
}

}  // namespace headgate::broker
