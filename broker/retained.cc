#include "broker/retained.h"

#include <utility>

#include "core/topic.h"

namespace headgate::broker {

void Retained::set(core::MessagePtr message) {
  if (message->body.empty()) {
    if (const auto old = by_topic_.find(message->topic); old != by_topic_.end()) by_topic_.erase(old);
    return;
  }
  by_topic_.insert_or_assign(message->topic, std::move(message));
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
