// The way of a PUBLISH through the hub, on one page: who subscribes to it, where routes send it, what must be
// durable before it is acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/session/retained.h"
#include "broker/session/shared_publish.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "hub/engine/delivery.h"
#include "hub/engine/publish/held_publishes.h"
#include "hub/engine/route_set.h"
#include "hub/engine/waits.h"
#include "hub/observe/tails.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct IngestStats {
  uint64_t messages = 0;  // published by clients that may, and wills
  uint64_t stored = 0;    // of those and of what routes republished: written to at least one queue
  uint64_t refused = 0;   // the store could not take them, or there are too many retained messages
  uint64_t held = 0;      // taken later than they came, see HeldPublishes
  uint64_t dropped = 0;   // QoS 0, for each queue that had no room, or retained and not stored
};

class Ingest {
 public:
  // Everything is borrowed and must outlive the ingest.
  struct Parts {
    broker::Broker& broker;
    store::QueueStore& store;
    RouteSet& routes;
    broker::Retained& retained;
    Delivery& delivery;
    HeldPublishes& held;
    Waits& waits;
    Tails& tails;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit Ingest(const Parts& parts) : parts_(parts) {}

  // Takes a message from a client. Acknowledged through `waits` if anything has to be durable, else at once.
  void publish(broker::Session& from, const core::MessagePtr& message, broker::PublishToken token);

  // Tries again what waits for room in a queue. Call when there may be some, and about once a second.
  void retry_held();

  // Takes a will that is due, and forgets its record in the same write. What the store refuses now is still
  // there after the next start.
  void publish_will(broker::Session& from, const core::MessagePtr& will);

  // Sends a session the retained messages of one of its filters [MQTT-3.3.1-9].
  void send_retained(broker::Session& session, const std::string& filter,
                     const broker::SubscriptionOptions& options);

  [[nodiscard]] const IngestStats& stats() const { return stats_; }

 private:
  // One session's overlapping subscriptions, as one delivery; a share it was chosen for is one of its own.
  struct Subscriber {
    broker::Session* session = nullptr;
    uint8_t qos = 0;
    bool retain_as_published = false;
    bool shared = false;
    std::vector<uint32_t> ids;
  };

  // A message and what routes make of it, after what is in `republished_`; `with`: what is written together
  // with it. On an error `failed_` could not be taken, and `republished_` holds what comes behind it.
  [[nodiscard]] core::Result<store::Seq> take_all(const broker::Session* from,
                                                  const core::MessagePtr& message,
                                                  const std::optional<store::KeyValue>& with);
  [[nodiscard]] bool take_held(broker::Session& from, HeldPublish& publish);
  void hold(broker::Session& from, HeldPublish publish);
  void refuse(broker::Session& from, broker::PublishToken token, const core::Error& error);
  void answer(broker::Session& from, broker::PublishToken token, store::Seq last);
  void log_full(const core::Error& error);
  [[nodiscard]] bool is_too_much(const core::Message& message);
  [[nodiscard]] core::Result<store::Seq> store_message(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> store_where_there_is_room(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> take(const broker::Session* from, const core::MessagePtr& message,
                                              const std::optional<store::KeyValue>& with);
  void forget_incoming(const broker::Session& from, uint16_t packet_id);
  void find_subscribers(const broker::Session* from, const core::Message& message);
  void add_member(const broker::ShareGroup& group, const core::Message& message);
  void fan_out(const core::MessagePtr& message);
  void add_session_target(const Subscriber& subscriber, const core::Message& message, uint8_t qos);
  void route(const core::MessagePtr& message);
  void republish(const core::Message& message, const std::string& topic);

  Parts parts_;
  IngestStats stats_;

  // Reused for every message, so that the usual one allocates nothing here.
  uint64_t stamp_ = 0;
  std::vector<Subscriber> subscribers_;
  std::vector<Subscriber> members_;  // chosen from groups; behind the others in `subscribers_` at last
  std::vector<store::Target> targets_;
  std::vector<store::Target> more_targets_;  // in queues that `targets_` has already: appended on their own
  std::vector<store::KeyValue> values_;
  std::deque<core::MessagePtr> republished_;
  core::MessagePtr failed_;  // see take_all()
  store::Seq stored_ = 0;    // the last seq of what take_all() stored
  core::LogLimiter full_;    // by what is full
};

}  // namespace headgate::hub
