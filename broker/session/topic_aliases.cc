#include "broker/session/topic_aliases.h"

#include <utility>

namespace headgate::broker {
namespace {

constexpr size_t kAliasBytes = 3;    // the property in a packet: a shorter topic is sent as it is
constexpr uint64_t kIdleRounds = 8;  // an alias not used in so many times `max` messages may be given away

}  // namespace

TopicAliases::Use TopicAliases::use(std::string_view topic) {
  ++messages_;
  if (topic.size() <= kAliasBytes) return {};
  if (const auto known = by_topic_.find(topic); known != by_topic_.end()) {
    recent_.splice(recent_.begin(), recent_, known->second);
    known->second->used = messages_;
    return {known->second->alias, true};
  }
  const uint16_t alias = free_alias();
  if (alias == 0) return {};
  recent_.push_front({std::string(topic), alias, messages_});
  by_topic_.emplace(recent_.front().topic, recent_.begin());
  return {alias, false};
}

// 0 if all are in use.
uint16_t TopicAliases::free_alias() {
  if (forgotten_ != 0) return std::exchange(forgotten_, uint16_t{0});
  if (recent_.size() < max_) return static_cast<uint16_t>(recent_.size() + 1);
  const Entry& oldest = recent_.back();
  if (messages_ - oldest.used <= kIdleRounds * max_) return 0;
  const uint16_t alias = oldest.alias;
  by_topic_.erase(oldest.topic);
  recent_.pop_back();
  return alias;
}

void TopicAliases::forget(std::string_view topic) {
  const auto known = by_topic_.find(topic);
  if (known == by_topic_.end()) return;
  const auto entry = known->second;
  forgotten_ = entry->alias;
  by_topic_.erase(known);
  recent_.erase(entry);
}

}  // namespace headgate::broker
