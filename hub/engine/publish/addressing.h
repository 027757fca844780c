// The two ways of a message to a session: from memory, or through the session's durable queue.
#pragma once

#include <cstdint>
#include <optional>

#include "broker/session/session.h"
#include "core/message.h"
#include "hub/engine/session_records.h"
#include "store/queue_store.h"

namespace headgate::hub {

// True if a message that reaches the session at this QoS is stored for it; if not, it is delivered from memory
// [MQTT-4.5.0-1].
[[nodiscard]] inline bool is_queued(const broker::Session& session, uint8_t qos) {
  return qos > 0 && session.queue.has_value();
}

// The entry of the session's queue that `message` becomes. nullopt: the session may not receive it. REQUIRES:
// is_queued(session, tag.qos).
[[nodiscard]] inline std::optional<store::Target> queue_target(broker::Session& session,
                                                               const core::Message& message,
                                                               const DeliveryTag& tag) {
  if (!session.may_receive(message.topic)) return std::nullopt;
  return store::Target{*session.queue, store::kDefaultLane, message.expires_ms, to_tag(tag)};
}

}  // namespace headgate::hub
