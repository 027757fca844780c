// What the hub does when a client does something: keeps sessions durable, answers once the store has it.
#pragma once

#include <string>
#include <vector>

#include "broker/broker.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/delivery.h"
#include "hub/engine/publish/ingest.h"
#include "hub/engine/session_records.h"
#include "hub/engine/shares.h"
#include "hub/engine/waits.h"
#include "hub/observe/sys_feed.h"
#include "store/queue_store.h"

namespace headgate::hub {

class ClientEvents : public broker::BrokerEvents {
 public:
  // Everything is borrowed and must outlive the events. Separate from the constructor because the broker
  // needs its events before the rest can exist.
  struct Parts {
    broker::Broker* broker = nullptr;
    store::QueueStore* store = nullptr;
    Ingest* ingest = nullptr;
    Delivery* delivery = nullptr;
    HeldPublishes* held = nullptr;
    Shares* shares = nullptr;
    Waits* waits = nullptr;
    const core::Clock* clock = nullptr;
    core::Log* log = nullptr;
  };
  void bind(const Parts& parts) { parts_ = parts; }
  // Who answers new subscribers to `$SYS`; must outlive the events.
  void serve_sys(SysFeed& feed) { sys_feed_ = &feed; }

  // Limits of the queue of each persistent session, those of today and those to come.
  void use_queue_policy(const store::QueuePolicy& policy);

  // Sessions, subscriptions and QoS 2 state as the store remembers them. Call once, before any client comes.
  core::Status restore_sessions();
  // After Broker::renew_grants().
  void on_grants_renewed();

  void on_connected(broker::Session& session, bool session_present, const broker::WillChange& will) override;
  void on_disconnected(broker::Session& session, const broker::WillChange& will) override;
  void on_session_ended(broker::Session& session) override;
  void on_will(broker::Session& session, const broker::StoredWill& will) override;
  void on_will_due(broker::Session& session, core::MessagePtr will) override;
  void on_publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token) override;
  void on_release(broker::Session& from, uint16_t packet_id) override;
  void on_subscribed(broker::Session& session, uint16_t packet_id,
                     std::vector<broker::AcceptedSubscription> accepted,
                     std::vector<broker::ReasonCode> codes) override;
  void on_unsubscribed(broker::Session& session, uint16_t packet_id, std::vector<std::string> removed,
                       std::vector<broker::ReasonCode> codes) override;
  void on_delivered(broker::Session& session, broker::DeliveryToken token, bool delivered) override;
  void on_received(broker::Session& session, uint16_t packet_id, broker::DeliveryToken token) override;
  void on_completed(broker::Session& session, uint16_t packet_id) override;
  void on_window_open(broker::Session& session) override;

 private:
  core::Status restore_subscriptions();
  core::Status restore_wills();
  core::Status restore_packet_ids(std::string_view prefix);
  void offer_inputs();
  void end_connections(std::vector<StoredSession>& sessions, core::Now now);
  void remember(const broker::Session& session, int64_t ended_wall_ms, store::Seq maybe_sent,
                const broker::WillChange& will);
  void forget_session(broker::Session& session);
  void answer_when_durable(broker::Session& session, Waits::Answer answer, uint16_t packet_id,
                           const std::vector<store::KeyValue>& values,
                           std::vector<broker::ReasonCode> codes = {});
  void answer_now(broker::Session& session, Waits::Answer answer, uint16_t packet_id,
                  const std::vector<broker::ReasonCode>& codes);

  Parts parts_;
  store::QueuePolicy queue_policy_;
  SysFeed* sys_feed_ = nullptr;
};

}  // namespace headgate::hub
