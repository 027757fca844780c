// Queues, routes and clients as a live stream looks at them: in each turn of the loop at some, of which it renders those that
// have changed. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/admin/call.h"
#include "hub/admin/hub_view.h"
#include "hub/admin/live/rows.h"
#include "hub/admin/queue/rows.h"

namespace headgate::hub {

// Bounds of one turn: some tenths of a millisecond.
inline constexpr size_t kLiveLookedATurn = 256;
inline constexpr size_t kLiveRenderedATurn = 16;

class LiveQueues {
 public:
  // A round: begin(), then go_on() until it says that all have been looked at.
  void begin(HubView& hub);
  [[nodiscard]] bool go_on(HubView& hub);
  void forget() { rows_.forget(); }

  // Appends {"changed": […], "gone": […]}.
  void append(std::string& line, bool all) const;

 private:
  static constexpr int64_t kClockStepMs = 1'000;

  // A row's signature, and how often the wall clock was set: times in all rows move with it.
  struct Mark {
    uint64_t signature = 0;
    uint64_t clock_steps = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
  };

  bool look(HubView& hub, const std::string& name);

  LiveRows<Mark> rows_;
  std::optional<QueueRows> now_;    // of this round
  std::vector<std::string> names_;  // of this round
  size_t next_ = 0;
  int64_t offset_ms_ = 0;  // of the wall clock to hub time, at its last step
  uint64_t clock_steps_ = 0;
};

class LiveRoutes {
 public:
  void begin(HubView& hub);
  [[nodiscard]] bool go_on();
  void forget();

  // Appends {"changed": […], "gone": […], "gone_shadows": […], "tables": […]}; bodies as `sight` allows, the tables if they have
  // changed.
  void append(std::string& line, bool all, const Sight& sight) const;
  // A shadow route has a body, which not everybody may see.
  [[nodiscard]] bool has_bodies() const;

 private:
  LiveRows<RouteInfo> rows_;
  std::vector<RouteInfo> routes_;  // of this round
  size_t next_ = 0;
  std::string tables_;  // JSON
  bool tables_changed_ = false;
};

// Looked at every kPeriodMs alone: of thousands of sessions that takes a while.
class LiveClients {
 public:
  static constexpr int64_t kPeriodMs = 5'000;
  // A client that was heard of and did nothing else has a new row after so long.
  static constexpr int64_t kSeenStepMs = 30'000;

  void begin(HubView& hub);
  [[nodiscard]] bool go_on();
  void forget();

  void append(std::string& line, bool all) const;

 private:
  LiveRows<ClientInfo> rows_;
  std::vector<ClientInfo> clients_;  // of this round
  size_t next_ = 0;
  bool looking_ = false;
  std::optional<int64_t> looked_mono_ms_;
};

// Appends names as a list of JSON.
void append_names(std::string& line, const std::vector<std::string>& names);

}  // namespace headgate::hub
