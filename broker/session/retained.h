// The last retained message of each topic (MQTT 5.0 section 3.3.1.3).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/options.h"
#include "core/message.h"

namespace headgate::broker {

// Held in memory; the owner keeps the durable copy. Costs of match(): the topics that share the filter's
// literal beginning are looked at.
// 3.1.1 [MQTT-3.1.2-7]
class Retained {
 public:
  explicit Retained(const RetainedLimits& limits = {}) : limits_(limits) {}

  // False if set() would go beyond the limits, which are the caller's to keep: what the store remembers is
  // taken whatever they say now.
  [[nodiscard]] bool has_room_for(const core::Message& message) const;

  // Keeps the message; one with an empty body removes what was there [MQTT-3.3.1-6, MQTT-3.3.1-7].
  // [MQTT-3.3.1-5]; 3.1.1 [MQTT-3.3.1-5, MQTT-3.3.1-7, MQTT-3.3.1-10, MQTT-3.3.1-11]
  void set(core::MessagePtr message);

  using Visit = std::function<void(const core::MessagePtr&)>;
  // Every unexpired message whose topic matches. `visit` must not change the store.
  void match(std::string_view filter, int64_t wall_ms, const Visit& visit) const;

  // Removes what has expired, and says which topics that were.
  std::vector<std::string> remove_expired(int64_t wall_ms);

  [[nodiscard]] size_t size() const { return by_topic_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  RetainedLimits limits_;
  size_t bytes_ = 0;
  std::map<std::string, core::MessagePtr, std::less<>> by_topic_;
};

}  // namespace headgate::broker
