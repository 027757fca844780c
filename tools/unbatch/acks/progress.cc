#include "tools/unbatch/acks/progress.h"

#include <iterator>

namespace headgate::tools {

void Progress::take(const ChainMark& mark, const std::string& hash) {
  if (mark.number == 0) return;
  for (const GivenUpBatches& each : mark.instead_of) given_up_[each.numbers.last] = each;
  if (!has(mark.number)) {
    stretches_.erase(stretches_.upper_bound(mark.number), stretches_.end());
    stretches_[mark.number] = {mark.number, mark.number, mark.after, hash};
  }
  join();
  forget();
}

bool Progress::has(uint64_t number) const {
  const auto after = stretches_.upper_bound(number);
  return after != stretches_.begin() && number <= std::prev(after)->second.last;
}

// The number of the batch before the stretch that others do not stand for.
uint64_t Progress::before(const Stretch& stretch) const {
  uint64_t number = stretch.after;
  for (;;) {
    const auto found = given_up_.lower_bound(number);
    const bool is_given_up = found != given_up_.end() && found->second.numbers.holds(number);
    if (number == 0 || !is_given_up || has(number) || found->second.after >= number) return number;
    number = found->second.after;
  }
}

// Puts stretches together that nothing lies between. From the end, so that each is looked at once.
void Progress::join() {
  for (auto stretch = stretches_.end(); stretch != stretches_.begin();) {
    --stretch;
    const uint64_t number = before(stretch->second);
    if (number == 0 || !has(number)) continue;
    auto earlier = std::prev(stretches_.upper_bound(number));
    if (earlier == stretch) continue;
    earlier->second.last = stretch->second.last;
    earlier->second.hash = stretch->second.hash;
    stretches_.erase(std::next(earlier), std::next(stretch));
    stretch = std::next(earlier);
  }
}

void Progress::forget() {
  while (stretches_.size() > kStretchesMax) stretches_.erase(stretches_.begin());
  while (given_up_.size() > kGivenUpMax) given_up_.erase(given_up_.begin());
}

const Progress::Stretch* Progress::last() const {
  return stretches_.empty() ? nullptr : &std::prev(stretches_.end())->second;
}

Progress::State Progress::state() const {
  State state;
  for (const auto& [number, stretch] : stretches_) state.stretches.push_back(stretch);
  for (const auto& [number, each] : given_up_) state.given_up.push_back(each);
  return state;
}

void Progress::restore(const State& state) {
  for (const Stretch& stretch : state.stretches) stretches_[stretch.first] = stretch;
  for (const GivenUpBatches& each : state.given_up) given_up_[each.numbers.last] = each;
}

}  // namespace headgate::tools
