// The hub as the readers of live streams have it: taken round by round, some of it in each turn of the loop, and told to each
// of them as a line. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hub/admin/call.h"
#include "hub/admin/hub_view.h"
#include "hub/admin/live/parts.h"
#include "hub/admin/live/tables.h"

namespace headgate::hub {

class LiveSnapshot {
 public:
  static constexpr size_t kFirstEvents = 100;
  static constexpr size_t kEventsARound = 1'000;
  static constexpr int64_t kForecastPeriodMs = 5'000;

  // Borrows the hub.
  explicit LiveSnapshot(HubView& hub) : hub_(hub) {}

  // A round over these parts begins; what is known of others is forgotten.
  void begin(LiveParts parts);
  // Takes some of it. True: the round is over.
  [[nodiscard]] bool go_on();
  [[nodiscard]] LiveParts parts() const { return parts_; }

  // A line of JSON of some of the parts, as of the last round: all of it, or what has changed.
  [[nodiscard]] std::string line(LiveParts parts, bool first, const Sight& sight) const;
  // Users with different rights get different lines.
  [[nodiscard]] bool differs_by_user() const { return routes_.has_bodies(); }

 private:
  bool take_texts();
  bool take_upstream();
  bool take_queues();
  bool take_routes();
  bool take_clients();
  void take_events();
  [[nodiscard]] std::string first_events() const;

  HubView& hub_;
  LiveParts parts_;
  size_t step_ = 0;
  bool step_begun_ = false;
  int64_t now_ms_ = 0;  // Unix time of the round's begin
  // JSON:
  std::string status_;
  std::string upstream_;
  std::string forecast_;
  std::string events_;  // that are new

  std::optional<int64_t> forecast_mono_ms_;  // when it was made
  bool forecast_new_ = false;
  uint64_t last_event_ = 0;  // number of the last that was taken
  LiveQueues queues_;
  LiveRoutes routes_;
  LiveClients clients_;
};

}  // namespace headgate::hub
