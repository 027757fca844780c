#include "upstream/links/connection/suspects.h"

#include <algorithm>

namespace headgate::upstream {

void Suspects::accuse(const std::vector<CarrierUser*>& with_unanswered) {
  if (with_unanswered.size() > 1) suspects_.assign(with_unanswered.begin(), with_unanswered.end());
  const bool was_alone = with_unanswered.size() == 1 && alone() == with_unanswered.front();
  if (was_alone) std::rotate(suspects_.begin(), suspects_.begin() + 1, suspects_.end());
}

void Suspects::clear_first(core::Now now) {
  suspects_.pop_front();
  begin_time(now);
  if (suspects_.empty()) quick_left_ = kQuickMax;
}

}  // namespace headgate::upstream
