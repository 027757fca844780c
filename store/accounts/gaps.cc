#include "store/accounts/gaps.h"

#include <algorithm>

namespace headgate::store {
namespace {

bool have_one_reason(const Gap& a, const Gap& b) { return a.why == b.why && a.goes_on() == b.goes_on(); }

// Content goes on only if all of it does.
Gap joined(const Gap& a, const Gap& b) {
  Gap both{std::min(a.from, b.from), std::max(a.to, b.to), a.count + b.count, b.why};
  if (a.goes_on() && b.goes_on()) {
    both.into_from = std::min(a.into_from, b.into_from);
    both.into_to = std::max(a.into_to, b.into_to);
  }
  return both;
}

}  // namespace

void GapList::add(Seq previous, const Gap& gap) {
  const Seq reach = previous == 0 ? gap.from - 1 : previous;
  Gap merged = gap;
  std::erase_if(gaps_, [&](const Gap& known) {
    const bool touches = have_one_reason(known, gap) && known.to >= reach && known.from <= gap.to + 1;
    if (touches) merged = joined(known, merged);
    return touches;
  });
  const auto place = std::ranges::upper_bound(gaps_, merged.from, {}, &Gap::from);
  gaps_.insert(place, merged);
  if (gaps_.size() > kMax) shorten();
}

void GapList::drop(Seq up_to) {
  std::erase_if(gaps_, [&](const Gap& gap) { return gap.to <= up_to; });
}

void GapList::shorten() {
  size_t best = 1;
  Seq best_distance = ~Seq{0};
  for (size_t i = 1; i < gaps_.size(); ++i) {
    const Gap& before = gaps_[i - 1];
    const Gap& after = gaps_[i];
    const Seq distance = after.from > before.to ? after.from - before.to : 0;
    if (have_one_reason(before, after) && distance < best_distance) {
      best = i;
      best_distance = distance;
    }
  }
  gaps_[best] = joined(gaps_[best - 1], gaps_[best]);
  gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(best) - 1);
}

}  // namespace headgate::store
