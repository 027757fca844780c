// Finds out whether a broker ends connections for what is told beside batches, as some do where a client may not publish.
// Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace headgate::upstream {

class NoteTrial {
 public:
  // A connection that ends so soon after a note may have ended for it; after so many in succession none is told.
  static constexpr int64_t kEndedForItMs = 2000;
  static constexpr int kEndedForItMax = 3;

  [[nodiscard]] bool allows() const { return ended_ < kEndedForItMax; }
  void on_told(core::Now now) { told_at_ms_ = now.mono_ms; }
  // The connection has ended, and not by our choice. True if it may be for a note.
  bool on_link_down(core::Now now);

 private:
  std::optional<int64_t> told_at_ms_;  // mono, over this connection
  int ended_ = 0;                      // connections in succession
};

}  // namespace headgate::upstream
