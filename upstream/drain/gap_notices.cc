#include "upstream/drain/gap_notices.h"

#include <algorithm>

namespace headgate::upstream {
namespace {

constexpr int64_t kLookEveryMs = 10000;  // gaps without messages are no hurry

}  // namespace

std::vector<store::Gap> GapNotices::next() const {
  std::vector<store::Gap> gaps = store_.gaps(queue_);
  if (!gaps.empty()) store_.tell_gaps(queue_);
  if (gaps.size() > at_once_max_) gaps.resize(at_once_max_);
  return gaps;
}

// Gaps may have grown or appeared since they were declared, also between those that were (gaps of different
// reasons overlap): only what is still as declared, and ends before anything undeclared does, is forgotten.
void GapNotices::on_accepted(const std::vector<store::Gap>& declared) {
  if (declared.empty()) return;
  if (declared.size() == at_once_max_) look_at_ms_ = 0;  // there may be more
  store::Seq known_up_to = 0;
  store::Seq undeclared_from = UINT64_MAX;
  for (const store::Gap& gap : store_.gaps(queue_)) {
    if (std::ranges::find(declared, gap) != declared.end()) {
      known_up_to = std::max(known_up_to, gap.to);
    } else {
      undeclared_from = std::min(undeclared_from, gap.to);
    }
  }
  if (known_up_to == 0) return;
  store_.drop_gaps(queue_, std::min(known_up_to, undeclared_from - 1));
}

bool GapNotices::on_refused(size_t declared) {
  if (declared <= 1) return false;
  at_once_max_ = declared / 2;
  return true;
}

std::vector<store::Gap> GapNotices::look(core::Now now) {
  look_at_ms_ = now.mono_ms + kLookEveryMs;
  return next();
}

}  // namespace headgate::upstream
