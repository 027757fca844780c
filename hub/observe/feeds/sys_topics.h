// The values of `$SYS/…`: under `$SYS/broker/` with the names and forms that Mosquitto's dashboards read
// (mosquitto(8), "Broker status"), and Headgate's own under `$SYS/headgate/`. No clock, no broker: topics and
// values come from the table of metrics (hub/metrics.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "hub/observe/metric.h"

namespace headgate::hub {

struct SysTopic {
  std::string name;
  std::string value;
};

class SysTopics {
 public:
  // `started`: when the hub began to count.
  explicit SysTopics(core::Now started) : updated_ms_(started.mono_ms) {}

  // Returns what has changed since the last update; everything the first time.
  std::vector<SysTopic> update(const Readings& readings, core::Now now);

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
  void set(const Reading& reading, const SysPlace& place, double passed_s);
  void set_numbers(const Reading& reading, std::string_view topic);
  void set_maximum(const Reading& reading, std::string_view topic);
  void set_load(const Reading& reading, std::string_view topic, double passed_s);

  std::map<std::string, std::string> values_;
  std::vector<SysTopic> changed_;
  std::map<std::string_view, Load> loads_;       // by topic
  std::map<std::string_view, uint64_t> maxima_;  // by topic
  int64_t updated_ms_;                           // monotonic
};

}  // namespace headgate::hub
