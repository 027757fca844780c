// The price of a promise: when a write counts as durable.
#pragma once

#include <cstdint>

namespace headgate::store {

// A crash of the process alone loses nothing in any mode; the modes differ in what a power cut or a crash of
// the operating system can take.
struct Durability {
  enum class Mode : uint8_t {
    sync,      // nothing that was promised: every group that promises is synced before on_durable()
    interval,  // what became durable in the last `interval_ms` (plus the time between two ticks)
    memory,    // what the operating system had not yet written, usually the last 30 s
  };
  Mode mode = Mode::sync;
  int64_t interval_ms = 1'000;  // only for Mode::interval

  friend bool operator==(const Durability&, const Durability&) = default;
};

}  // namespace headgate::store
