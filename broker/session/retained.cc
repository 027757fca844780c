#include "broker/session/retained.h"

#include <iterator>
#include <utility>

#include "broker/session/memory_bytes.h"
#include "core/topic.h"

namespace headgate::broker {

bool Retained::has_room_for(const core::Message& message) const {
  if (message.body.empty()) return true;
  const auto old = by_topic_.find(message.topic);
  const bool replaces = old != by_topic_.end();
  const size_t freed = replaces ? memory_bytes(*old->second) : 0;
  return by_topic_.size() + (replaces ? 0 : 1) <= limits_.messages_max &&
         bytes_ - freed + memory_bytes(message) <= limits_.bytes_max;
}

void Retained::set(core::MessagePtr message) {
  if (const auto old = by_topic_.find(message->topic); old != by_topic_.end()) {
    bytes_ -= memory_bytes(*old->second);
    by_topic_.erase(old);
  }
  if (message->body.empty()) return;
  bytes_ += memory_bytes(*message);
  by_topic_.emplace(message->topic, std::move(message));
}

std::vector<std::string> Retained::remove_expired(int64_t wall_ms) {
  std::vector<std::string> topics;
  for (auto it = by_topic_.begin(); it != by_topic_.end();) {
    const bool expired = it->second->expires_ms != 0 && it->second->expires_ms <= wall_ms;
    if (expired) {
      topics.push_back(it->first);
      bytes_ -= memory_bytes(*it->second);
    }
    it = expired ? by_topic_.erase(it) : std::next(it);
  }
  return topics;
}

void Retained::match(std::string_view filter, int64_t wall_ms, const Visit& visit) const {
  std::string_view literal = filter.substr(0, filter.find_first_of("+#"));
  if (literal.size() < filter.size() && literal.ends_with('/'))
    literal.remove_suffix(1);  // "a/#" matches "a"
  for (auto it = by_topic_.lower_bound(literal); it != by_topic_.end() && it->first.starts_with(literal);
       ++it) {
    const core::Message& message = *it->second;
    const bool expired = message.expires_ms != 0 && message.expires_ms <= wall_ms;
    if (!expired && core::topic_matches(filter, it->first)) visit(it->second);
  }
}

}  // namespace headgate::broker
