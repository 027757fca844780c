// Shared subscriptions: which member of a group gets a message, and what becomes of it if that member goes.
#pragma once

#include <cstdint>

#include "broker/broker.h"
#include "broker/session/subscriptions.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// The member that gets the message: one that can be sent to at once, else one that is connected, else one
// whose queue keeps the message; members alike take turns. Null: nobody could ever get it.
[[nodiscard]] const broker::Subscriber* choose_member(const broker::ShareGroup& group,
                                                      const core::Message& message);

class Shares {
 public:
  // Everything is borrowed and must outlive this.
  Shares(broker::Broker& broker, store::QueueStore& store, const core::Clock& clock, core::Log& log)
      : broker_(broker), store_(store), clock_(clock), log_(log) {}

  // The session has ended, its queue is still there. What came to it by a shared subscription and it has not
  // acknowledged goes to another member, as the standard wants for QoS 1; a QoS 2 message only if it was
  // never sent, so with a seq above `sent` [MQTT-4.8.2-5]. Written in one group with what the caller writes
  // in this turn of the loop. Looks at kHandOverMax messages at most; what it cannot hand over is logged. Returns
  // how many entries of the session's queue another member has now.
  uint64_t hand_over(broker::Session& ended, store::Seq sent);

  static constexpr size_t kHandOverMax = 10'000;

 private:
  [[nodiscard]] bool give_to_another(const broker::Session& ended, const core::MessagePtr& message);
  [[nodiscard]] bool give(const broker::Subscriber& member, const core::MessagePtr& message);
  // Counts of what was in the queue by a shared subscription.
  struct Moved {
    size_t handed = 0;
    size_t lost = 0;
  };
  [[nodiscard]] Moved hand_over_queue(const broker::Session& ended, store::Seq sent);

  broker::Broker& broker_;
  store::QueueStore& store_;
  const core::Clock& clock_;
  core::Log& log_;
};

}  // namespace headgate::hub
