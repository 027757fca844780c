#include "hub/observe/feeds/text_feed.h"

#include <utility>

#include "core/topic.h"
#include "hub/observe/feeds/sys_delivery.h"

namespace headgate::hub {

std::vector<SysTopic> TextFeed::take_changed() {
  std::vector<SysTopic> changed;
  for (SysTopic& topic : read_()) {
    std::string& known = values_[topic.name];
    if (known == topic.value) continue;
    known = topic.value;
    changed.push_back(std::move(topic));
  }
  return changed;
}

void TextFeed::tick(core::Now now) {
  if (!is_sys_watched(broker_)) return;
  for (const SysTopic& topic : take_changed()) send_to_watchers(broker_, topic, now);
}

// Leaves the known values as they are: who watches already gets with the next tick what has changed since the last.
void TextFeed::send_current(broker::Session& session, const std::string& filter,
                            const broker::SubscriptionOptions& options, core::Now now) {
  if (!is_sys_filter(filter)) return;
  for (const SysTopic& topic : read_()) {
    if (core::topic_matches(filter, topic.name)) send_as_retained(session, topic, options, now);
  }
}

}  // namespace headgate::hub
