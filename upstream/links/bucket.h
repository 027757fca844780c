// A byte rate: what passes in the long run, and what may pass at once after a silence. Pure; times are mono.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headgate::upstream {

class Bucket {
 public:
  // `bytes_per_s` 0: no limit.
  Bucket(uint64_t bytes_per_s, uint64_t burst_bytes)
      : bytes_per_s_(static_cast<int64_t>(bytes_per_s)),
        burst_milli_(static_cast<int64_t>(burst_bytes) * 1000),
        level_milli_(burst_milli_) {}

  void fill(int64_t mono_ms) {
    if (filled_ms_ != 0)
      level_milli_ =
          std::min(burst_milli_, level_milli_ + std::max<int64_t>(0, mono_ms - filled_ms_) * bytes_per_s_);
    filled_ms_ = mono_ms;
  }
  // May take more than there is: who comes next waits for it.
  void take(uint64_t bytes) {
    if (bytes_per_s_ != 0) level_milli_ -= static_cast<int64_t>(bytes) * 1000;
  }
  // When the next may take something; 0: now.
  [[nodiscard]] int64_t opens_at() const {
    if (level_milli_ >= 0 || bytes_per_s_ == 0) return 0;
    return filled_ms_ + (-level_milli_ + bytes_per_s_ - 1) / bytes_per_s_;
  }

 private:
  int64_t bytes_per_s_;
  int64_t burst_milli_;
  int64_t level_milli_;  // thousandths of a byte: what a millisecond brings is whole
  int64_t filled_ms_ = 0;
};

}  // namespace headgate::upstream
