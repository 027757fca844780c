// Judges whether a thread of the store waits for something that does not come: a disk that hangs, or RocksDB. No thread, no
// clock.
#pragma once

#include <cstdint>
#include <optional>

namespace headgate::store {

// Pieces of work that a thread has begun, and whether it is at one now.
struct ThreadProgress {
  uint64_t begun = 0;
  bool busy = false;
};

class StallWatch {
 public:
  enum class Sign : uint8_t { nothing, waits, goes_on };
  struct Verdict {
    Sign sign = Sign::nothing;
    int64_t for_ms = 0;  // how long it has been at the piece, or was
  };

  // `patience_ms`: how long a piece of work may take before something is said.
  explicit StallWatch(int64_t patience_ms) : patience_ms_(patience_ms) {}

  // Says `waits` once a minute while a piece takes too long, and `goes_on` once it has ended. `mono_ms`: monotonic.
  [[nodiscard]] Verdict look(ThreadProgress now, int64_t mono_ms);

  // Whether that was said last.
  [[nodiscard]] bool hangs() const { return told_ms_.has_value(); }

 private:
  int64_t patience_ms_;
  uint64_t piece_ = 0;
  int64_t since_ms_ = 0;  // it was first seen
  std::optional<int64_t> told_ms_;
};

}  // namespace headgate::store
