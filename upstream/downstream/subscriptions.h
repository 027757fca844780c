// Filters that the hub's session at an upstream broker holds. The session outlives connections and starts of the hub,
// and so does the record of them: a filter that is not wanted any more is left, also after a crash. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/downstream/topic_map.h"

namespace headgate::upstream {

class Subscriptions {
 public:
  // `record`: as record() gave it last; empty: there is none.
  Subscriptions(std::vector<WantedFilter> wanted, std::string_view record);

  // To be done on a connection that has just come up. Whoever does it makes record() durable first.
  struct Plan {
    std::vector<std::string> leave;
    std::vector<WantedFilter> ask;
  };
  [[nodiscard]] Plan on_up(bool session_present);
  // Tells whether it was asked for, and neither refused nor left.
  [[nodiscard]] bool holds(const std::string& filter) const { return held_.contains(filter); }
  void on_granted(const std::string& filter);
  void on_refused(const std::string& filter) { held_.erase(filter); }
  void on_left(const std::string& filter) { held_.erase(filter); }

  // A line for each filter: "g1 FILTER" granted with QoS 1, "a1 FILTER" asked for.
  [[nodiscard]] std::string record() const;
  // Filters that are wanted and not granted.
  [[nodiscard]] size_t missing() const;

 private:
  struct Held {
    bool granted = false;
    uint8_t asked_qos = 0;
  };

  [[nodiscard]] bool is_wanted(const std::string& filter) const;

  const std::vector<WantedFilter> wanted_;
  std::map<std::string, Held> held_;
};

}  // namespace headgate::upstream
