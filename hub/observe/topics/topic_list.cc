#include "hub/observe/topics/topic_list.h"

#include <algorithm>
#include <utility>

namespace headgate::hub {

void TopicList::add(const TopicEntry& entry, int64_t now_hub_ms) {
  KnownTopic known;
  known.payload_bytes = entry.payload_bytes;
  known.count = entry.count;
  known.rate_per_s = entry.rate_per_s(now_hub_ms);
  known.last_ms = entry.last_ms;
  known.qos = entry.qos;
  known.retain = entry.retain;
  if (const std::string_view prefix = prefix_of(entry.topic); !prefix.empty()) return sum(prefix, known);
  known.topic = entry.topic;
  if (with_values_) known.value = entry.value;
  add(std::move(known));
}

void TopicList::add(KnownTopic topic) {
  if (const std::string prefix(prefix_of(topic.topic)); !prefix.empty()) return sum(prefix, topic);
  if (known_.topics.size() >= topics_max_) {
    ++known_.left_out;
    return;
  }
  if (!with_values_) topic.value.clear();
  known_.topics.push_back(std::move(topic));
}

// The levels that are told apart, with their last slash; empty: the topic has no more.
std::string_view TopicList::prefix_of(std::string_view topic) const {
  if (depth_ == 0) return {};
  size_t end = 0;
  for (size_t level = 0; level < depth_; ++level) {
    end = topic.find('/', end);
    if (end == std::string_view::npos) return {};
    ++end;
  }
  return topic.substr(0, end);
}

void TopicList::sum(std::string_view prefix, const KnownTopic& topic) {
  const auto [found, is_new] = sums_.try_emplace(std::string(prefix), known_.topics.size());
  if (is_new && known_.topics.size() >= topics_max_) {
    sums_.erase(found);
    ++known_.left_out;
    return;
  }
  if (is_new) known_.topics.emplace_back().topic = std::string(prefix) + "#";
  KnownTopic& sum = known_.topics[found->second];
  ++sum.topics;
  sum.count += topic.count;
  sum.rate_per_s += topic.rate_per_s;
  sum.last_ms = std::max(sum.last_ms, topic.last_ms);
}

KnownTopics TopicList::take() {
  std::ranges::sort(known_.topics, {}, &KnownTopic::topic);
  return std::move(known_);
}

}  // namespace headgate::hub
