#include "hub/engine/computation/progress.h"

#include <algorithm>
#include <utility>

#include "hub/engine/computation/state_records.h"

namespace headgate::hub {

void Progress::restore(const store::QueueReader& store) {
  const auto stored = store.get(kComputedUpToKey);
  const auto read = stored ? read_computed_up_to(*stored) : core::Result<int64_t>(int64_t{0});
  up_to_hub_ms_ = saved_up_to_hub_ms_ = read ? *read : 0;
}

void Progress::reach(int64_t hub_ms) { up_to_hub_ms_ = std::max(up_to_hub_ms_, hub_ms); }

void Progress::on_input() {
  ++inputs_;
  on_change();
}

void Progress::on_change() {
  if (!since_mono_ms_) since_mono_ms_ = clock_.now().mono_ms;
}

bool Progress::is_old() const { return any() && clock_.now().mono_ms - *since_mono_ms_ >= kUnsavedMsMax; }

std::span<const store::KeyValue> Progress::with(std::span<const store::KeyValue> of_results) {
  if (std::exchange(saved_up_to_hub_ms_, up_to_hub_ms_) != up_to_hub_ms_)
    values_.push_back(put_computed_up_to(up_to_hub_ms_));
  own_values_ = values_.size();
  values_.insert(values_.end(), of_results.begin(), of_results.end());
  return values_;
}

void Progress::forget() {
  inputs_ = 0;
  since_mono_ms_.reset();
  values_.clear();
  own_values_ = 0;
}

}  // namespace headgate::hub
