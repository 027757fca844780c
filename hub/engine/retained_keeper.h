// Retained messages, in memory and in the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/session/retained.h"
#include "broker/session/session.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Whether a subscription asks for retained messages at once.
[[nodiscard]] bool wants_retained(const broker::AcceptedSubscription& subscription);

class RetainedKeeper {
 public:
  // `store`, `clock` and `log` are borrowed and must outlive the keeper.
  RetainedKeeper(const broker::RetainedLimits& limits, store::QueueStore& store, const core::Clock& clock,
                 core::Log& log)
      : retained_(limits), store_(store), clock_(clock), log_(log) {}

  // Call once, before any client comes. Errors: corrupt, io.
  [[nodiscard]] core::Status restore();

  [[nodiscard]] bool has_room_for(const core::Message& message) const {
    return retained_.has_room_for(message);
  }
  // Keeps it in memory. The durable copy is written with the message itself, see put_retained().
  void set(const core::MessagePtr& message) { retained_.set(message); }
  [[nodiscard]] size_t size() const { return retained_.size(); }

  // Sends a session what matches one of its filters [MQTT-3.3.1-9].
  void send(broker::Session& session, const std::string& filter, const broker::SubscriptionOptions& options);

  // Removes what has expired. Call about once a second.
  void tick(core::Now now);

 private:
  // False if the store could not take it for the session's queue.
  [[nodiscard]] bool send(broker::Session& session, const core::MessagePtr& message,
                          const broker::SubscriptionOptions& options, core::Now now);

  broker::Retained retained_;
  store::QueueStore& store_;
  const core::Clock& clock_;
  core::Log& log_;
  int64_t checked_ms_ = 0;  // monotonic
};

}  // namespace headgate::hub
