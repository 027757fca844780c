// Bytes that a link has had on the wire: when to look at the counters of its socket, which cost a call into the kernel, and
// how fast it is while it is busy. Pure.
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace headgate::upstream {

class Meter {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // Between looks; bytes that are published meanwhile are booked elsewhere.
  static constexpr int64_t kLookMs = 100;
  // Time over which the speed is measured.
  static constexpr int64_t kStretchMs = 3000;

  // Something goes or has come, so that the counters will say more: now, or once it has left the socket's queue.
  void on_traffic() { looks_left_ = kLooks; }
  [[nodiscard]] bool is_due(core::Now now) const { return now.mono_ms >= look_at_ms_; }
  // Takes what the counters say. While they rise there is another look: the kernel's acknowledgements come late.
  void look(uint64_t wire_bytes, core::Now now);
  // Mono time of the next look; kNever: nothing has passed since the last ones.
  [[nodiscard]] int64_t next_look() const { return looks_left_ > 0 ? look_at_ms_ : kNever; }
  // At the last look, since the start.
  [[nodiscard]] uint64_t wire_bytes() const { return wire_bytes_; }

  // To be told at every step whether something is on its way.
  void measure(bool busy, core::Now now);
  // The speed when something was always on its way; 0: not known.
  [[nodiscard]] uint64_t busy_bytes_per_s() const { return busy_bytes_per_s_; }

 private:
  static constexpr int kLooks = 2;  // after traffic; the first may be at once

  struct Stretch {  // of time in which something was always on its way
    int64_t from_ms = 0;
    uint64_t wire_bytes = 0;
    bool busy = false;
  };

  uint64_t wire_bytes_ = 0;
  int64_t look_at_ms_ = 0;  // mono
  int looks_left_ = 0;
  Stretch stretch_;
  uint64_t busy_bytes_per_s_ = 0;
};

}  // namespace headgate::upstream
