// Bursts: how much more than its share of unsent bytes a client may have for a moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace headgate::broker {

// The burst of one client. A client is slow if it stays behind, not if much comes at once: after a
// pause of the hub, or from many publishers in one turn of the loop, there is more than any socket takes. All
// bursts together have `kAllBytesMax`, so that a thousand subscribers cannot make the hub's memory a thousand
// times what was published.
class Burst {
 public:
  static constexpr int64_t kMs = 1000;  // how long it may go on growing
  static constexpr size_t kAllBytesMax = size_t{64} << 20;

  // Takes `bytes` more, if the socket has not been behind for long and there is room. `all_bytes`: of all
  // clients' bursts together. REQUIRES: the socket was offered what is unsent, and left something.
  [[nodiscard]] bool take(size_t bytes, size_t& all_bytes, core::Now now) {
    if (!since_ms_) since_ms_ = now.mono_ms;
    if (now.mono_ms - *since_ms_ >= kMs || all_bytes + bytes > kAllBytesMax) return false;
    bytes_ += bytes;
    all_bytes += bytes;
    return true;
  }
  // The socket has taken everything, or the connection is gone.
  void end(size_t& all_bytes) {
    all_bytes -= bytes_;
    bytes_ = 0;
    since_ms_.reset();
  }
  // The socket has taken everything in the middle of a turn.
  void forgive() { since_ms_.reset(); }

 private:
  std::optional<int64_t> since_ms_;  // monotonic
  size_t bytes_ = 0;
};

}  // namespace headgate::broker
