#include "hub/observe/feeds/sys_feed.h"

#include "core/topic.h"
#include "hub/observe/feeds/sys_delivery.h"

namespace headgate::hub {

void SysFeed::tick(core::Now now) {
  if (interval_s_ == 0) return;
  if (!is_sys_watched(broker_)) {
    active_ = false;
    return;
  }
  if (active_ && now.mono_ms < next_ms_) return;
  active_ = true;
  next_ms_ = now.mono_ms + int64_t{interval_s_} * 1000;
  for (const SysTopic& topic : topics_.update(read_(), now)) send_to_watchers(broker_, topic, now);
}

void SysFeed::send_current(broker::Session& session, const std::string& filter,
                           const broker::SubscriptionOptions& options, core::Now now) {
  if (interval_s_ == 0 || !is_sys_filter(filter)) return;
  if (!active_) {  // nobody has watched: the last values are old, and nobody else wants the changes
    active_ = true;
    next_ms_ = now.mono_ms + int64_t{interval_s_} * 1000;
    topics_.update(read_(), now);
  }
  for (const auto& [name, value] : topics_.values()) {
    if (core::topic_matches(filter, name)) send_as_retained(session, {name, value}, options, now);
  }
}

}  // namespace headgate::hub
