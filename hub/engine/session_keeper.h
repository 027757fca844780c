// The records of sessions in the store: who they are, their subscriptions, wills and QoS 2 state.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/broker.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/delivery.h"
#include "hub/engine/session_records.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Writes them as sessions change, and gives them back to the broker after a restart. If the store has failed,
// its owner has been told; sessions live on in memory then, and their records are written once it has recovered.
class SessionKeeper {
 public:
  // Everything is borrowed and must outlive the keeper.
  SessionKeeper(broker::Broker& broker, store::QueueStore& store, Delivery& delivery,
                const core::Clock& clock, core::Log& log)
      : broker_(broker), store_(store), delivery_(delivery), clock_(clock), log_(log) {}

  // Limits of the queue of each persistent session, those of today and those to come.
  void use_queue_policy(const store::QueuePolicy& policy);
  // Sessions, subscriptions, QoS 2 state and wills as the store remembers them. Call once, before any client
  // comes. Stops at the first record that cannot be read. Errors: corrupt, io.
  [[nodiscard]] core::Status restore();

  // Opens the queue of a session that is to outlive its connection, and writes that it is connected, in one
  // write with its will.
  void on_connected(broker::Session& session, const broker::WillChange& will);
  // Writes when its connection has ended and how far it has been sent its queue, in one write with its will.
  void on_disconnected(const broker::Session& session, const broker::WillChange& will);
  // Erases everything about a session that has ended, and removes its queue.
  void forget(broker::Session& session);
  // Sees what the store has dropped of what waits for sessions. Call about once a second.
  void tick(core::Now now);
  void keep_will(const broker::Session& session, const broker::StoredWill& will);
  // The QoS 2 handshake of a delivery is over. If this is lost, PUBREL goes out once more.
  void forget_released(const broker::Session& session, uint16_t packet_id);

  // Records to be written before a client is answered; none for a session that is not stored.
  [[nodiscard]] static std::vector<store::KeyValue> subscribed(
      const broker::Session& session, std::span<const broker::AcceptedSubscription> accepted);
  [[nodiscard]] static std::vector<store::KeyValue> unsubscribed(const broker::Session& session,
                                                                 std::span<const std::string> filters);
  [[nodiscard]] static std::vector<store::KeyValue> received(const broker::Session& session,
                                                             uint16_t packet_id);
  [[nodiscard]] static std::vector<store::KeyValue> released(const broker::Session& session,
                                                             uint16_t packet_id);

 private:
  [[nodiscard]] core::Status restore_sessions();
  [[nodiscard]] core::Status restore_subscriptions();
  [[nodiscard]] core::Status restore_incoming();
  [[nodiscard]] core::Status restore_released();
  [[nodiscard]] core::Status restore_wills();
  void count_drops(broker::Session& session);
  void count_what_is_lost(broker::Session& session);
  void restore_session(const StoredSession& stored, core::Now now);
  void end_connections(std::vector<StoredSession>& sessions, core::Now now);
  void remember(const broker::Session& session, int64_t ended_hub_ms, store::Seq maybe_sent,
                const broker::WillChange& will);

  broker::Broker& broker_;
  store::QueueStore& store_;
  Delivery& delivery_;
  const core::Clock& clock_;
  core::Log& log_;
  store::QueuePolicy queue_policy_;
  std::unordered_map<store::QueueId, uint64_t> seen_drops_;  // of queues that have dropped
  int64_t looked_mono_ms_ = 0;
};

}  // namespace headgate::hub
