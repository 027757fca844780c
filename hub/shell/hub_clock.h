// The hub's clocks: the system's, and hub time, which the store remembers over restarts.
#pragma once

#include <optional>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "core/time/hub_time.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Loop thread. Before start() hub time is what the wall clock shows.
class HubClock : public core::Clock {
 public:
  explicit HubClock(core::Log& log) : log_(log) {}

  // Goes on with hub time as `store` remembers it. Call once, before anything is restored. Errors: corrupt, io.
  [[nodiscard]] core::Status start(store::QueueStore& store);
  // Looks whether somebody has set the clock; writes hub time once a minute. Call about once a second.
  void tick(store::QueueStore& store);
  // Writes hub time, with the next group. Call before the store is closed.
  void keep(store::QueueStore& store);

  [[nodiscard]] core::Now now() const override;
  [[nodiscard]] int64_t mono_us() const override;
  // When stamps may have been wrong; null before start(). It lives as long as the clock.
  [[nodiscard]] const core::DoubtfulStretches* doubtful() const {
    return time_ ? &time_->doubtful() : nullptr;
  }

 private:
  void tell(const core::HubTime::News& news);

  core::Log& log_;
  std::optional<core::HubTime> time_;
  int64_t kept_mono_ms_ = 0;
};

}  // namespace headgate::hub
