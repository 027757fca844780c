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

// Held in memory; the owner keeps the durable copy. A walk looks at the topics that share the filter's literal
// beginning.
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

  // The message of a topic; null: none, or it has expired.
  [[nodiscard]] const core::Message* find(std::string_view topic, int64_t hub_ms) const;

  // A walk over what matches a filter, in the order of topics. What is retained while it is on its way it
  // leaves out: whoever has subscribed gets that as it is published, and must not get an older one after it.
  struct Walk {
    std::string filter;
    uint64_t age_max = UINT64_MAX;  // of the last message that it may meet; see age()
    std::string next_topic = {};    // where it goes on; empty: it has not begun
  };
  // Goes on, with unexpired messages, to the end: true. Or until it has looked at `looks` topics (it counts
  // them down), or until `take` does not take one, which is then the first of the next call. `take` must not
  // change the store.
  using Take = std::function<bool(const core::MessagePtr&)>;
  bool go_on(Walk& walk, size_t& looks, int64_t hub_ms, const Take& take) const;
  // Counts every set(): messages set from now on are of a greater age.
  [[nodiscard]] uint64_t age() const { return age_; }

  // Removes what has expired, and says which topics that were.
  std::vector<std::string> remove_expired(int64_t hub_ms);

  [[nodiscard]] size_t size() const { return by_topic_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    core::MessagePtr message;
    uint64_t age = 0;
  };

  RetainedLimits limits_;
  size_t bytes_ = 0;
  uint64_t age_ = 0;
  std::map<std::string, Kept, std::less<>> by_topic_;
};

}  // namespace headgate::broker
