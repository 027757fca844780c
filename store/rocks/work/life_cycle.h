// Where a running store is in its life, and when a database that could not be opened again is tried next
// (docs/adr/0018). No I/O, no clock.
//
//          fail()              reopen()               opened()
//   open ─────────▶ failed ─────────────▶ reopening ───────────▶ open
//                     ▲                       │
//                     └───── not_opened() ────┘        close(), from each of them ─▶ closed
//
// Between fail() and opened() nothing reaches the disk and reads answer `unavailable`.
#pragma once

#include <cstdint>
#include <optional>

#include "core/result.h"

namespace headgate::store {

enum class State {
  open,       // the database is written to and read from
  failed,     // it is not: a write or sync has failed, or opening it again has
  reopening,  // it is being closed and opened again
  closed,     // for good, by its owner
};

class LifeCycle {
 public:
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  [[nodiscard]] bool is_closed() const { return state_ == State::closed; }
  // Failed or reopening: there is something to be done again once it is open.
  [[nodiscard]] bool is_broken() const { return state_ == State::failed || state_ == State::reopening; }

  // Ok while open. Error io: says why not.
  [[nodiscard]] core::Status check_open() const;

  // Why it failed, until it is open again. Requires is_broken().
  [[nodiscard]] const core::Error& cause() const { return *cause_; }

  // False, and nothing has changed, unless it is open.
  bool fail(const core::Error& error);
  // Requires `failed`.
  void reopen() { state_ = State::reopening; }
  // Requires `reopening`. Returns how long to wait, ms: one second, doubled with each failure up to 32.
  int64_t not_opened(int64_t mono_ms);
  // Requires `reopening`. Returns what it had failed of.
  core::Error opened();
  // Returns where it was.
  State close();

  // Failed, and the wait is over.
  [[nodiscard]] bool retry_due(int64_t mono_ms) const {
    return state_ == State::failed && mono_ms >= retry_at_ms_;
  }

 private:
  State state_ = State::open;
  std::optional<core::Error> cause_;
  int failures_ = 0;         // to open it again, one after the other
  int64_t retry_at_ms_ = 0;  // monotonic
};

}  // namespace headgate::store
