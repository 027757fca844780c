#include "broker/session/retained.h"

#include <iterator>
#include <utility>

#include "broker/session/memory_bytes.h"
#include "core/topic.h"

namespace headgate::broker {
namespace {

bool has_expired(const core::Message& message, int64_t hub_ms) {
  return message.expires_ms != 0 && message.expires_ms <= hub_ms;
}

}  // namespace

bool Retained::has_room_for(const core::Message& message) const {
  if (message.body.empty()) return true;
  const auto old = by_topic_.find(message.topic);
  const bool replaces = old != by_topic_.end();
  const size_t freed = replaces ? memory_bytes(*old->second.message) : 0;
  return by_topic_.size() + (replaces ? 0 : 1) <= limits_.messages_max &&
         bytes_ - freed + memory_bytes(message) <= limits_.bytes_max;
}

void Retained::set(core::MessagePtr message) {
  if (const auto old = by_topic_.find(message->topic); old != by_topic_.end()) {
    bytes_ -= memory_bytes(*old->second.message);
    by_topic_.erase(old);
  }
  if (message->body.empty()) return;
  bytes_ += memory_bytes(*message);
  std::string topic = message->topic;
  by_topic_.emplace(std::move(topic), Kept{std::move(message), ++age_});
}

const core::Message* Retained::find(std::string_view topic, int64_t hub_ms) const {
  const auto kept = by_topic_.find(topic);
  if (kept == by_topic_.end()) return nullptr;
  const core::Message& message = *kept->second.message;
  return message.expires_ms != 0 && message.expires_ms <= hub_ms ? nullptr : &message;
}

std::vector<std::string> Retained::remove_expired(int64_t hub_ms) {
  std::vector<std::string> topics;
  for (auto it = by_topic_.begin(); it != by_topic_.end();) {
    const bool expired = has_expired(*it->second.message, hub_ms);
    if (expired) {
      topics.push_back(it->first);
      bytes_ -= memory_bytes(*it->second.message);
    }
    it = expired ? by_topic_.erase(it) : std::next(it);
  }
  return topics;
}

bool Retained::go_on(Walk& walk, size_t& looks, int64_t hub_ms, const Take& take) const {
  std::string_view literal = std::string_view(walk.filter).substr(0, walk.filter.find_first_of("+#"));
  const bool one_topic = literal.size() == walk.filter.size();
  if (!one_topic && literal.ends_with('/')) literal.remove_suffix(1);  // "a/#" matches "a"
  auto it = by_topic_.lower_bound(walk.next_topic.empty() ? literal : walk.next_topic);
  for (; it != by_topic_.end() && it->first.starts_with(literal); ++it) {
    if (looks == 0) {
      walk.next_topic = it->first;
      return false;
    }
    --looks;
    const core::Message& message = *it->second.message;
    const bool wanted = it->second.age <= walk.age_max && !has_expired(message, hub_ms) &&
                        core::topic_matches(walk.filter, it->first);
    if (wanted && !take(it->second.message)) {
      walk.next_topic = it->first;
      return false;
    }
    if (one_topic) return true;
  }
  return true;
}

}  // namespace headgate::broker
