// The topics that a client knows by number, on one connection, from the hub to the client.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace headgate::broker {

// Aliases go to topics in the order they come. Once all are given away, a topic takes the one that was used
// longest ago, if that was a while: where more topics are in use than there are aliases, none would live long
// enough to be worth its announcement. Memory is bounded by the maximum, and there is none before the first
// message.
class TopicAliases {
 public:
  // `max` > 0: what the client takes [MQTT-3.1.2-26] and the hub gives, whichever is less.
  explicit TopicAliases(uint16_t max) : max_(max) {}

  // How a message on this topic is sent: with the alias alone, with alias and topic, or plainly (alias 0).
  struct Use {
    uint16_t alias = 0;
    bool known = false;  // the client has been told
  };
  [[nodiscard]] Use use(std::string_view topic);
  // The announcement that use() was about has not been sent.
  void forget(std::string_view topic);

  [[nodiscard]] size_t size() const { return recent_.size(); }

 private:
  struct Entry {
    std::string topic;
    uint16_t alias = 0;
    uint64_t used = 0;  // at which message
  };
  [[nodiscard]] uint16_t free_alias();

  uint16_t max_;
  uint64_t messages_ = 0;
  uint16_t forgotten_ = 0;   // an alias below size() + 1 that is free; 0 = none
  std::list<Entry> recent_;  // used last first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_topic_;
};

}  // namespace headgate::broker
