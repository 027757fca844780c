#include "store/accounts/gaps.h"

#include <algorithm>
#include <utility>

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
  const auto touches = [&gap, reach](const Gap& known) {
    return have_one_reason(known, gap) && known.to >= reach && known.from <= gap.to + 1;
  };
  Seq begin = 0;  // of the last that was told and can go on; 0: none
  for (const Gap& known : gaps_)
    if (known.from <= gap.from && touches(known) && is_told(known)) begin = known.from;
  Gap merged = gap;
  std::erase_if(gaps_, [&](const Gap& known) {
    const bool joins = touches(known) && known.from >= begin && (known.from == begin || !is_told(known));
    if (joins) merged = joined(known, merged);
    return joins;
  });
  const auto place = std::ranges::upper_bound(gaps_, merged.from, {}, &Gap::from);
  gaps_.insert(place, merged);
  if (gaps_.size() > kMax) shorten();
}

void GapList::mark_told() {
  for (const Gap& gap : gaps_) told_.insert(name_of(gap));
}

void GapList::drop(Seq up_to) {
  std::erase_if(gaps_, [this, up_to](const Gap& gap) {
    if (gap.to > up_to) return false;
    told_.erase(name_of(gap));
    return true;
  });
}

// The second of the two goes: rather one that was not told.
void GapList::shorten() {
  size_t best = 1;
  std::pair best_cost{true, ~Seq{0}};
  for (size_t i = 1; i < gaps_.size(); ++i) {
    const Gap& before = gaps_[i - 1];
    const Gap& after = gaps_[i];
    const std::pair cost{is_told(after), after.from > before.to ? after.from - before.to : 0};
    if (have_one_reason(before, after) && cost < best_cost) {
      best = i;
      best_cost = cost;
    }
  }
  told_.erase(name_of(gaps_[best]));
  gaps_[best] = joined(gaps_[best - 1], gaps_[best]);
  gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(best) - 1);
}

}  // namespace headgate::store
