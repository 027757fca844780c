#include "hub/engine/computation/inputs.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headgate::hub {
namespace {

constexpr store::ReadLimit kInputsRead{256, size_t{256} * 1024};

size_t held_bytes(const core::Message& message) {
  return message.topic.size() + message.body.size() + sizeof(core::Message);
}

}  // namespace

void Inputs::begin(store::QueueId queue, store::Seq latest) {
  queue_ = queue;
  entries_.clear();
  ends_.clear();
  at_work_ = 0;
  read_ = 0;
  last_stored_ = latest;
}

void Inputs::keep(core::MessagePtr message, bool unchanged) {
  const size_t bytes = held_bytes(*message);
  if (kept_.size() >= kMessagesMax || kept_bytes_ + bytes > kBytesMax) {
    ++dropped_;
    return;
  }
  kept_bytes_ += bytes;
  kept_.push_back({last_stored_, std::move(message), unchanged});
}

std::optional<Input> Inputs::next() {
  if (entries_.empty()) fill();
  if (is_turn_of_kept()) return take_kept();
  if (entries_.empty()) return std::nullopt;
  return take_read();
}

void Inputs::fill() {
  if (queue_ == 0 || not_read() == 0) return;
  auto entries = store_.read(queue_, store::kDefaultLane, read_, kInputsRead, clock_.now());
  if (!entries || entries->empty()) return;  // what cannot be read yet is announced
  read_ = entries->back().seq;
  std::ranges::move(*entries, std::back_inserter(entries_));
}

bool Inputs::is_turn_of_kept() const {
  if (kept_.empty()) return false;
  const store::Seq after = kept_.front().after;
  if (!entries_.empty()) return after < entries_.front().seq;
  return after <= read_ || not_read() == 0;
}

Input Inputs::take_kept() {
  Input input{0, std::move(kept_.front().message), kept_.front().after + 1, kept_.front().unchanged, {}};
  kept_bytes_ -= held_bytes(*input.message);
  kept_.pop_front();
  return input;
}

Input Inputs::take_read() {
  store::Entry& entry = entries_.front();
  at_work_ = entry.seq;
  const bool unchanged = entry.tag == kUnchangedTag;
  Input input{entry.seq, std::move(entry.message), entry.seq, unchanged, std::move(entry.tag)};
  entries_.pop_front();
  return input;
}

void Inputs::done() {
  if (at_work_ != 0) ends_.push_back({queue_, store::kDefaultLane, at_work_});
  at_work_ = 0;
}

bool Inputs::is_past(store::Seq seq) const {
  if (at_work_ != 0 || (!kept_.empty() && kept_.front().after < seq)) return false;
  return entries_.empty() ? not_read() == 0 : entries_.front().seq > seq;
}

bool Inputs::caught_up() const { return kept_.empty() && entries_.empty() && not_read() == 0; }

// Counts entries that wait in the queue, but for what was read and has not ended; also what cannot be read yet.
uint64_t Inputs::not_read() const {
  if (queue_ == 0) return 0;
  const uint64_t waiting = store_.stats(queue_).lanes[store::kDefaultLane].waiting;
  const uint64_t known = entries_.size() + ends_.size() + (at_work_ != 0 ? 1 : 0);
  return waiting > known ? waiting - known : 0;
}

}  // namespace headgate::hub
