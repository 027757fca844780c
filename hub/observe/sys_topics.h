// The values of `$SYS/…`: under `$SYS/broker/` with the names and forms that Mosquitto's dashboards read
// (mosquitto(8), "Broker status"), and Headgate's own under `$SYS/headgate/`. No clock, no broker.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/counters.h"
#include "core/clock.h"
#include "store/report/stats.h"

namespace headgate::hub {

// Sources of the values. Counts run from the start of the hub.
struct SysSnapshot {
  std::string version;
  int64_t uptime_s = 0;
  uint64_t clients_connected = 0;
  uint64_t clients_total = 0;  // and the persistent sessions that are away
  uint64_t clients_max = 0;    // connected at a time
  uint64_t sessions_expired = 0;
  uint64_t sockets = 0;  // connections accepted
  broker::Traffic traffic;
  broker::DropCounts drops = {};
  broker::ReasonCounts closed;
  broker::ReasonCounts refused;
  uint64_t publishes_denied = 0;
  uint64_t publishes_refused = 0;
  uint64_t subscriptions = 0;
  uint64_t shared_subscriptions = 0;
  uint64_t retained = 0;
  uint64_t queues = 0;
  uint64_t waiting = 0;  // in all queues
  uint64_t waiting_bytes = 0;
  uint64_t dead = 0;
  uint64_t heap_bytes = 0;  // allocated
  store::StoreMemory memory;
  std::string durability;
  std::string store_state;  // "writing" or "failed"
  std::string link_state;   // UpstreamStatus::state
};

struct SysTopic {
  std::string name;
  std::string value;
};

class SysTopics {
 public:
  // Returns the values that have changed since the last update; everything the first time.
  std::vector<SysTopic> update(const SysSnapshot& snapshot, core::Now now);

  // Every topic with its value as of the last update.
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }

 private:
  // Something counted, as a rate per minute: averaged over one, five and fifteen minutes the way Unix does,
  // each update weighing as much as the time since the last one.
  struct Load {
    uint64_t counted = 0;
    double averages[3] = {};
  };
  void set(std::string name, std::string value);
  void set_loads(const SysSnapshot& snapshot, core::Now now);

  std::map<std::string, std::string> values_;
  std::vector<SysTopic> changed_;
  std::vector<Load> loads_;
  int64_t updated_ms_ = -1;  // monotonic; -1 = never
  uint64_t heap_bytes_max_ = 0;
};

// A reason's text as a topic level or JSON key: "protocol error" is "protocol_error".
[[nodiscard]] std::string counter_name(std::string_view reason);

}  // namespace headgate::hub
