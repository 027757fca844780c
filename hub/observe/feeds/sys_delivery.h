// The way of a value under `$SYS/…` to who listens: live, at QoS 0, by the rights of each.
#pragma once

#include <string_view>

#include "broker/broker.h"
#include "core/clock.h"
#include "hub/observe/feeds/sys_topics.h"

namespace headgate::hub {

// Whether anybody subscribes to anything under `$SYS`.
[[nodiscard]] bool is_sys_watched(const broker::Broker& broker);
[[nodiscard]] bool is_sys_filter(std::string_view filter);

void send_to_watchers(const broker::Broker& broker, const SysTopic& topic, core::Now now);
// For one filter of a session, flagged as retained: a value says what is, not what was.
void send_as_retained(broker::Session& session, const SysTopic& topic,
                      const broker::SubscriptionOptions& options, core::Now now);

}  // namespace headgate::hub
