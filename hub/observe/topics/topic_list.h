// Topics for one answer, gathered turn by turn. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/observe/topics/topic_table.h"

namespace headgate::hub {

// A topic with its last value; or a level with those below it summed, called as their filter: "plant/7/#".
struct KnownTopic {
  std::string topic;
  std::string value;           // cut at TopicTable::kValueBytesMax
  uint64_t payload_bytes = 0;  // of all of it
  uint64_t topics = 0;         // that are summed; 0: it is one
  uint64_t count = 0;
  double rate_per_s = 0;
  int64_t last_ms = 0;  // Unix time
  uint8_t qos = 0;
  bool retain = false;
};

// All of them, or as many as an answer may have.
struct KnownTopics {
  std::vector<KnownTopic> topics;
  uint64_t left_out = 0;   // beyond the most that an answer may have
  uint64_t forgotten = 0;  // of all topics, for lack of room
};

class TopicList {
 public:
  static constexpr size_t kTopicsMax = 10'000;

  // `depth`: levels that are told apart; what lies deeper is summed. 0: all.
  TopicList(size_t depth, bool with_values, size_t topics_max = kTopicsMax)
      : depth_(depth), with_values_(with_values), topics_max_(topics_max) {}

  void add(const TopicEntry& entry, int64_t now_hub_ms);
  void add(KnownTopic topic);
  // In the order of their names.
  [[nodiscard]] KnownTopics take();

 private:
  [[nodiscard]] std::string_view prefix_of(std::string_view topic) const;
  void sum(std::string_view prefix, const KnownTopic& topic);

  size_t depth_;
  bool with_values_;
  size_t topics_max_;
  KnownTopics known_;
  std::unordered_map<std::string, size_t> sums_;  // places in known_.topics, by name
};

}  // namespace headgate::hub
