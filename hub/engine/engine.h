// Everything between the sockets and the disk, with neither: broker, routes, ingest, delivery, and the
// answers that wait for the store. Tests drive it packet by packet; Hub puts shells round it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/config/store_limits.h"
#include "hub/engine/answers.h"
#include "hub/engine/computation/computer.h"
#include "hub/engine/consumers.h"
#include "hub/engine/dead_letter_tail.h"
#include "hub/engine/delivery.h"
#include "hub/engine/downstream/commands.h"
#include "hub/engine/durable_waits.h"
#include "hub/engine/edge/side.h"
#include "hub/engine/history/message_history.h"
#include "hub/engine/own_queues.h"
#include "hub/engine/publish/held_publishes.h"
#include "hub/engine/publish/ingest.h"
#include "hub/engine/publish/spreader.h"
#include "hub/engine/retained/keeper.h"
#include "hub/engine/retained/replays.h"
#include "hub/engine/route_set.h"
#include "hub/engine/session_keeper.h"
#include "hub/engine/shadow/beside.h"
#include "hub/engine/shares.h"
#include "hub/engine/thinning/thinners.h"
#include "hub/observe/feeds/feeds.h"
#include "hub/observe/losses.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/observe/tails.h"
#include "routing/files/route_file.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Messages that a queue holds.
struct QueueContent {
  uint64_t messages = 0;
  uint64_t bytes = 0;
};

// The switchboard: broker and store tell it what happened, and it tells the parts whose business that is, in
// the order in which they have to hear of it. The rules are the parts'.
class Engine : private broker::BrokerEvents, private store::StoreEvents {
 public:
  // Everything is borrowed and must outlive the engine. Registers itself for the events of store and broker.
  Engine(const broker::BrokerOptions& options, broker::AccessControl& access, store::QueueStore& store,
         core::Executor& executor, const core::Clock& clock, core::Log& log);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() override;

  // Brings back sessions and retained messages. Call once, before any client comes. Errors: corrupt, io.
  core::Status restore();
  // Limits of the store and its queues from now on; those of queues that routes lead to with the next
  // use_routes(). Call before restore().
  void use_limits(const StoreLimits& limits);
  // Messages that are kept for replays; see MessageHistory::use(). Call after restore().
  core::Status use_history(const HistorySettings& settings) { return history_.use(settings, clock_.now()); }
  // Records what happens in so many bytes from now on, and forgets what was recorded; 0: nothing.
  void use_recorder(size_t bytes);
  // Call before restore().
  void use_lane_mode(store::LaneMode mode) { delivery_.use_lane_mode(mode); }
  // See RouteSet::remove_unused_ways_up(). Call after use_routes(), before anybody drains queues upstream.
  void remove_unused_ways_up() { routes_.remove_unused_ways_up(); }
  // See ResultMessages::doubt().
  void doubt(const core::DoubtfulStretches* doubtful) { computer_.doubt(doubtful); }
  // Compiles routes and puts them in force at once; see put_in_force().
  core::Status use_routes(const routing::RouteFile& routes, uint32_t default_ttl_s);
  // Routes that are ready to be put in force. What is decided of their messages is by the table that is in force then.
  struct ReadyRoutes {
    std::shared_ptr<CompiledRoutes> at_work;
    std::vector<routing::RouteFileEntry> shadows;
  };
  // Compiles routes that are to follow `before`, see RouteSet::compiled(). Pure; on any thread.
  [[nodiscard]] static ReadyRoutes compile(routing::RouteFile routes, const CompiledRoutes& before,
                                           uint32_t default_ttl_s);
  // See RouteSet::use(); those that are shadows are put beside them. REQUIRES: none were put in force since those that
  // they were to follow.
  core::Status put_in_force(ReadyRoutes ready);
  // Routes that are put in force from now on are on trial: those of before may come back, with the state that they had. The trial
  // ends well with end_trial(), or with other routes after on_trial(false).
  void on_trial(bool on);
  core::Status end_trial();
  // `access` has new users or rules: they hold for everybody who is connected or has a session.
  void renew_grants();
  // Ends a client's connection; its session stays, if it is to outlive it. Error: not_found (not connected).
  core::Status kick(std::string_view client_id);
  // Ends a session with its subscriptions and what waits for it, its connection first if there is one.
  // Returns what its queue held then. Errors: not_found; unavailable, while the store takes no writes.
  core::Result<QueueContent> remove_session(std::string_view client_id);
  // Publishes `$SYS` from now on, every so many seconds; 0: not at all. `read` is called when values are
  // needed. Call once, before any client comes.
  void serve_sys(uint32_t interval_s, SysFeed::Read read);
  // Publishes these topics too, whatever the interval; see TextFeed. Call once, before any client comes.
  void serve_texts(TextFeed::Read read) { feeds_.serve_texts(std::move(read)); }
  // Call about once a second.
  void tick();
  // Stores what may wait a second. Call before the hub stops.
  void flush() { computer_.flush(); }

  [[nodiscard]] broker::Broker& broker() { return broker_; }
  [[nodiscard]] const broker::Broker& broker() const { return broker_; }
  // Where whoever reads a queue registers itself.
  [[nodiscard]] Consumers& consumers() { return consumers_; }
  [[nodiscard]] const RouteSet& routes() const { return routes_; }
  // Every route, see RouteSet::describe(), with what it has computed, and the shadows.
  [[nodiscard]] std::vector<RouteInfo> describe_routes() const;
  // Routes with which something is wrong, and shadows too; nothing of what they count.
  [[nodiscard]] std::vector<RouteInfo> describe_mistakes() const;
  // Counted since the start, over all routes, once for each message of a route; what could not be decided or read, when
  // the message came.
  [[nodiscard]] routing::RouteCounts route_counts() const;
  // Routes in force, in the order in which they were compiled, with what each has counted since it is in force.
  using VisitRoute = std::function<void(const std::string& name, const routing::RouteCounts& counts)>;
  void for_each_route(const VisitRoute& visit) const;
  // See ShadowRoutes::try_routes().
  core::Status try_routes(const routing::RouteFile& routes) {
    return shadows_.try_routes(routes, routes_.declared_tables());
  }
  [[nodiscard]] const ShadowRoutes& shadows() const { return shadows_; }
  // Every lookup table that is declared.
  [[nodiscard]] std::vector<LookupInfo> describe_lookups() const;
  // Rows of a lookup table behind that key, at most so many and about 256 KiB, in the order of their keys: those in force;
  // if no route in force looks up in it, those that it would begin with. nullopt: there is no such table.
  [[nodiscard]] std::optional<LookupRows> lookup_rows(std::string_view table, std::string_view after,
                                                      size_t count) const;
  [[nodiscard]] const Computer& computer() const { return computer_; }
  // `messages` counts those that were denied as well.
  [[nodiscard]] IngestStats ingest_stats() const;
  [[nodiscard]] uint64_t returned_batches() const { return spreader_.returned().count(); }
  [[nodiscard]] const RetainedKeeper& retained() const { return retained_; }
  // See Answers::accept_times().
  [[nodiscard]] const core::Histogram& accept_times() const { return answers_.accept_times(); }
  // Publishes that wait for room in a queue.
  [[nodiscard]] const HeldPublishes& held() const { return held_; }
  [[nodiscard]] const Delivery& delivery() const { return delivery_; }
  [[nodiscard]] const Losses& losses() const { return losses_; }
  [[nodiscard]] const MessageHistory& history() const { return history_; }
  // Fold old readings for upstream; whoever sends them says what it has begun.
  [[nodiscard]] Thinners& thinners() { return thinners_; }
  [[nodiscard]] const Thinners& thinners() const { return thinners_; }
  [[nodiscard]] Tails& tails() { return tails_; }
  [[nodiscard]] const Tails& tails() const { return tails_; }
  [[nodiscard]] store::QueueId upstream_queue() const { return queues_.upstream(); }
  [[nodiscard]] Recorder& recorder() { return recorder_; }
  [[nodiscard]] const Recorder& recorder() const { return recorder_; }
  // Tells whoever waits for what the store was given.
  [[nodiscard]] DurableWaits& waits() { return waits_; }
  // Takes what comes down from upstream.
  [[nodiscard]] Commands& commands() { return commands_; }
  [[nodiscard]] const Commands& commands() const { return commands_; }
  // Twins and methods of devices and modules.
  [[nodiscard]] EdgeDesk& edge() { return edge_.desk(); }
  [[nodiscard]] const EdgeDesk& edge() const { return edge_.desk(); }
  // Empty while the store takes writes.
  [[nodiscard]] const std::string& store_error() const { return store_error_; }

 private:
  core::Status restore_queues();
  void offer_inputs();
  void warn_of_topics_refused();

  // ---- broker::BrokerEvents ----
  void on_connected(broker::Session& session, bool session_present, const broker::WillChange& will) override;
  void on_disconnected(broker::Session& session, const broker::WillChange& will) override;
  void on_session_ended(broker::Session& session) override;
  void on_will(broker::Session& session, const broker::StoredWill& will) override;
  void on_will_due(broker::Session& session, core::MessagePtr will) override;
  void on_publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token,
                  core::Now now) override;
  void on_edge_request(broker::Session& from, core::MessagePtr request, broker::PublishToken token,
                       core::Now now) override;
  void on_release(broker::Session& from, uint16_t packet_id) override;
  void on_subscribed(broker::Session& session, uint16_t packet_id,
                     std::vector<broker::AcceptedSubscription> accepted,
                     std::vector<broker::ReasonCode> codes) override;
  void on_unsubscribed(broker::Session& session, uint16_t packet_id, std::vector<std::string> removed,
                       std::vector<broker::ReasonCode> codes) override;
  void on_delivered(broker::Session& session, broker::DeliveryToken token, bool delivered) override;
  bool defers_end(broker::Session& session, uint16_t packet_id, uint8_t qos,
                  broker::DeliveryToken token) override;
  void on_received(broker::Session& session, uint16_t packet_id, broker::DeliveryToken token) override;
  void on_completed(broker::Session& session, uint16_t packet_id) override;
  void on_window_open(broker::Session& session) override;

  // ---- store::StoreEvents ----
  void on_durable(store::Seq up_to) override;
  void on_room() override;
  void on_available(store::QueueId queue) override;
  void on_failed(const core::Error& error) override;
  void on_recovered() override;

  store::QueueStore& store_;
  const core::Clock& clock_;
  core::Log& log_;

  // The parts, each needing only those above it.
  broker::Broker broker_;
  OwnQueues queues_;
  Consumers consumers_;
  Tails tails_;
  Recorder recorder_;
  DeadLetterTail dead_letter_tail_;
  Answers answers_;
  RouteSet routes_;
  RetainedKeeper retained_;
  Replays replays_;
  HeldPublishes held_;
  Delivery delivery_;
  SessionKeeper sessions_;
  Shares shares_;
  PublishRights publish_rights_;
  Spreader spreader_;
  Thinners thinners_;
  Computer computer_;
  MessageHistory history_;
  ShadowRoutes shadows_;
  Ingest ingest_;
  Commands commands_;
  DurableWaits waits_;
  EdgeSide edge_;
  Feeds feeds_;
  Losses losses_;

  std::string store_error_;
};

}  // namespace headgate::hub
