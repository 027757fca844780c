// How far routes with state have computed, and what of that is not in the store yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Collects the values of the next Change. Those of a Change that was refused stay, as their owners count them as saved:
// they are part of the Change that is tried instead, before whatever has changed since.
class Progress {
 public:
  // A step without results is written after so long, or so many inputs.
  static constexpr int64_t kUnsavedMsMax = 1'000;
  static constexpr size_t kUnsavedInputsMax = 4'096;

  // Borrows the clock, which must outlive this.
  explicit Progress(const core::Clock& clock) : clock_(clock) {}

  // Begins with what the store says. An entry that cannot be read counts as none: time then begins with the inputs.
  void restore(const store::QueueReader& store);

  // Hub time up to which all inputs have been computed; it never falls.
  [[nodiscard]] int64_t up_to_hub_ms() const { return up_to_hub_ms_; }
  void reach(int64_t hub_ms);

  // An input is being computed.
  void on_input();
  // Something has changed that is to be saved.
  void on_change();
  [[nodiscard]] bool any() const { return since_mono_ms_.has_value(); }
  // True if so much is unsaved that a step is to be written: by the number of inputs, or by age.
  [[nodiscard]] bool is_large() const { return inputs_ >= kUnsavedInputsMax; }
  [[nodiscard]] bool is_old() const;

  // Whoever has changed adds its values here, once.
  [[nodiscard]] std::vector<store::KeyValue>& values() { return values_; }
  // All values of the next Change, also those of its results. Good until anything else is called.
  [[nodiscard]] std::span<const store::KeyValue> with(std::span<const store::KeyValue> of_results);
  // Forgets the values of results, which are planned anew: the Change was refused.
  void on_refused() { values_.resize(own_values_); }
  // Begins the next Change: this one was taken.
  void on_saved() { forget(); }
  // Forgets all that is unsaved: it has not happened.
  void forget();

 private:
  const core::Clock& clock_;
  int64_t up_to_hub_ms_ = 0;
  int64_t saved_up_to_hub_ms_ = 0;
  size_t inputs_ = 0;                     // unsaved
  std::optional<int64_t> since_mono_ms_;  // the oldest of what is unsaved
  std::vector<store::KeyValue> values_;
  size_t own_values_ = 0;  // without those of results
};

}  // namespace headgate::hub
