#include "upstream/drain/isolation.h"

#include <algorithm>

#include "upstream/link/link.h"

namespace headgate::upstream {
namespace {

bool is_about_the_message(uint8_t code) { return code == packet_too_large || code == payload_format_invalid; }

}  // namespace

Isolation::Verdict Isolation::on_refused(std::span<const store::Seq> seqs, uint8_t code, uint64_t accepted) {
  code_ = code;
  from_ = seqs.front();
  if (seqs.size() > 1) {
    size_ = (seqs.size() + 1) / 2;
    until_ = seqs.back();
    return Verdict::split;
  }
  return judge_lone(seqs.front(), accepted);
}

Isolation::Verdict Isolation::judge_lone(store::Seq seq, uint64_t accepted) {
  if (passed_over_ != 0 && seq != passed_over_) {
    *this = Isolation(attempts_max_);
    return Verdict::refuses_all;
  }
  if (seq != suspect_) {
    suspect_ = seq;
    attempts_ = 0;
    accepted_before_ = accepted;
  }
  size_ = 1;
  until_ = seq;
  if (++attempts_ < attempts_max_) return Verdict::retry_later;
  if (is_about_the_message(code_) || accepted > accepted_before_) return Verdict::bury;
  passed_over_ = seq;
  until_ = UINT64_MAX;
  return Verdict::pass_over;
}

std::optional<store::Seq> Isolation::on_accepted() const {
  if (passed_over_ == 0) return std::nullopt;
  return passed_over_;
}

void Isolation::forget_suspect() {
  if (passed_over_ != 0) size_ = 0;
  suspect_ = 0;
  passed_over_ = 0;
  attempts_ = 0;
}

size_t Isolation::message_limit(store::Seq first, size_t messages_max) const {
  return active(first) ? std::min(size_, messages_max) : messages_max;
}

}  // namespace headgate::upstream
