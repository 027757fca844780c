#include "hub/engine/engine.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace headgate::hub {
namespace {

constexpr size_t kLookupRowsBytes = size_t{256} * 1024;

// Routes that deliver, and those that only count.
std::pair<routing::RouteFile, std::vector<routing::RouteFileEntry>> without_shadows(
    routing::RouteFile routes) {
  std::vector<routing::RouteFileEntry> shadows;
  std::erase_if(routes.entries, [&shadows](const routing::RouteFileEntry& entry) {
    if (entry.shadow) shadows.push_back(entry);
    return entry.shadow;
  });
  return {std::move(routes), std::move(shadows)};
}

// Cuts them to what one answer has.
LookupRows first_rows(const routing::LookupTable::RowViews& views) {
  LookupRows rows;
  size_t bytes = 0;
  for (const auto& [key, row] : views) {
    rows.emplace_back(key, row);
    bytes += key.size() + row.size();
    if (bytes >= kLookupRowsBytes) break;
  }
  return rows;
}

}  // namespace

Engine::Engine(const broker::BrokerOptions& options, broker::AccessControl& access, store::QueueStore& store,
               core::Executor& executor, const core::Clock& clock, core::Log& log)
    : store_(store),
      clock_(clock),
      log_(log),
      broker_(options, access, log.of(core::LogPart::broker)),
      queues_(store),
      consumers_(executor),
      dead_letter_tail_(store, consumers_, tails_, clock),
      answers_(store, clock),
      routes_(store, log.of(core::LogPart::routes)),
      retained_(options.retained, store),
      replays_(retained_.all(), store, executor, clock),
      delivery_(store, consumers_, held_, recorder_, clock, log),
      sessions_(broker_, store, delivery_, clock, log),
      shares_(broker_, store, clock, log),
      publish_rights_(access),
      spreader_({broker_, routes_, retained_, publish_rights_, clock, log, store.identity().hub}),
      thinners_(store, executor, clock, log),
      computer_({store, consumers_, routes_, spreader_, retained_, tails_, recorder_, publish_rights_,
                 thinners_, clock, log.of(core::LogPart::routes)}),
      history_(store, log),
      shadows_({tails_, executor, clock, log.of(core::LogPart::routes), retained_, store.identity().hub}),
      ingest_({store, spreader_, retained_, delivery_, held_, answers_, tails_, recorder_, computer_,
               history_, thinners_, clock, log}),
      commands_({store, ingest_, publish_rights_}),
      edge_({broker_, store, waits_, clock, log.of(core::LogPart::broker)}),
      feeds_(broker_),
      losses_(store, log) {
  edge().on_queues([this] {
    delivery_.set_inputs(routes_.inputs());
    offer_inputs();
  });
  edge().publish_reports([this](core::MessagePtr change, std::span<const store::KeyValue> values) {
    return ingest_.take_command(std::move(change), values);
  });
  broker_.set_events(this);
  store.set_events(this);
}

Engine::~Engine() { store_.watch_ends(nullptr); }

void Engine::use_recorder(size_t bytes) {
  recorder_.use(bytes);
  recorder_.tick(clock_.now().wall_ms);
  store_.watch_ends(recorder_.on() ? &recorder_ : nullptr);
}

core::Status Engine::restore() {
  if (auto sessions = sessions_.restore(); !sessions) return sessions;
  if (auto retained = retained_.restore(); !retained) return retained;
  if (auto routes = routes_.restore(); !routes) return routes;
  if (auto commands = commands_.restore(); !commands) return commands;
  return restore_queues();
}

core::Status Engine::restore_queues() {
  if (auto opened = queues_.open(); !opened) return opened;
  losses_.begin();
  return dead_letter_tail_.watch(queues_.dead());
}

void Engine::use_limits(const StoreLimits& limits) {
  store_.set_bytes_max(limits.bytes_max);
  sessions_.use_queue_policy(limits.session);
  queues_.use(limits);
}

core::Status Engine::use_routes(const routing::RouteFile& routes, uint32_t default_ttl_s) {
  return put_in_force(compile(routes, *routes_.compiled(), default_ttl_s));
}

Engine::ReadyRoutes Engine::compile(routing::RouteFile routes, const CompiledRoutes& before,
                                    uint32_t default_ttl_s) {
  auto [at_work, shadows] = without_shadows(std::move(routes));
  return {compile_routes(std::move(at_work), before, default_ttl_s), std::move(shadows)};
}

core::Status Engine::put_in_force(ReadyRoutes ready) {
  computer_.before_routes_change();
  const auto used = routes_.use(std::move(ready.at_work), queues_.policy());
  if (!used) return used;
  recorder_.on_routes_changed();
  shadows_.use(std::move(ready.shadows), routes_.declared_tables());
  computer_.use_routes(queues_.policy());
  delivery_.set_inputs(routes_.inputs());
  offer_inputs();
  warn_of_topics_refused();
  return {};
}

void Engine::on_trial(bool on) {
  routes_.on_trial(on);
  computer_.on_trial(on);
}

core::Status Engine::end_trial() {
  on_trial(false);
  const auto settled = routes_.settle(queues_.policy());
  delivery_.set_inputs(routes_.inputs());
  offer_inputs();
  return settled;
}

std::vector<RouteInfo> Engine::describe_routes() const {
  std::vector<RouteInfo> routes = routes_.describe();
  for (RouteInfo& route : routes) {
    if (route.active) computer_.describe(route);
    const PublishRights::Refused* const refused = publish_rights_.refused(route.name);
    if (!route.active || refused == nullptr) continue;
    route.counts.type_errors += refused->count;
    route.type_error_last = refused->last;
  }
  shadows_.describe(routes);
  return routes;
}

routing::RouteCounts Engine::route_counts() const {
  const routing::RouteCounts at_arrival = routes_.counts();
  routing::RouteCounts sum = computer_.counts();
  sum.evaluated = at_arrival.evaluated;
  sum.matched += at_arrival.matched;
  sum.results += at_arrival.results;
  sum.undefined = at_arrival.undefined;
  sum.unreadable = at_arrival.unreadable;
  sum.unchecked = at_arrival.unchecked;
  sum.type_errors += at_arrival.type_errors + publish_rights_.refused_in_all();
  return sum;
}

void Engine::for_each_route(const VisitRoute& visit) const {
  const routing::RouteTable& table = routes_.table();
  for (routing::RouteIndex i = 0; i < table.routes().size(); ++i) {
    const std::string& name = table.routes()[i].name;
    routing::RouteCounts counts = computer_.counts_of(name, routes_.counts_of(i));
    if (const PublishRights::Refused* const refused = publish_rights_.refused(name))
      counts.type_errors += refused->count;
    visit(name, counts);
  }
}

std::vector<RouteInfo> Engine::describe_mistakes() const {
  std::vector<RouteInfo> routes = routes_.describe_mistakes();
  std::vector<RouteInfo> shadows;
  shadows_.describe(shadows);
  std::ranges::copy_if(shadows, std::back_inserter(routes), [](const RouteInfo& one) { return !one.active; });
  return routes;
}

// Topics that no message fills in; the others are known when there is a result.
void Engine::warn_of_topics_refused() {
  const routing::RouteTable& table = routes_.table();
  for (routing::RouteIndex i = 0; i < table.routes().size(); ++i) {
    const routing::RouteInfo& route = table.routes()[i];
    for (size_t sink = 0; sink < route.endpoints.size(); ++sink) {
      const Destination& to = routes_.routed().destination(i, sink);
      const bool filled_in = table.plan(i) && !table.plan(i)->sinks[sink].filled_in.empty();
      if (to.kind != routing::Sink::Kind::topic || filled_in || publish_rights_.may_publish(route, to.topic))
        continue;
      log_.warn("route_may_not_publish", {{"route", route.name},
                                          {"as", publisher_of(route)},
                                          {"topic", to.topic},
                                          {"effect", "what it makes for that topic is refused and counted"}});
    }
  }
}

std::vector<LookupInfo> Engine::describe_lookups() const {
  std::vector<LookupInfo> tables = routes_.describe_lookups();
  for (LookupInfo& table : tables) computer_.describe(table);
  return tables;
}

std::optional<LookupRows> Engine::lookup_rows(std::string_view table, std::string_view after,
                                              size_t count) const {
  if (const routing::LookupTable* const in_force = computer_.tables().find(table))
    return first_rows(in_force->rows_after(after, count));
  const auto& declared = routes_.declared_tables();
  const auto source = std::ranges::find(declared, table, &routing::TableSource::name);
  if (source == declared.end()) return std::nullopt;
  routing::LookupTable as_now(std::make_shared<const routing::TableSource>(*source));
  if (!source->rows) {
    fill_as_now(as_now, retained_, clock_.now());
    return first_rows(as_now.rows_after(after, count));
  }
  routing::LookupTable::RowViews views;
  const auto& rows = source->rows->rows();
  for (auto row = rows.upper_bound(after); row != rows.end() && views.size() < count; ++row)
    views.emplace_back(row->first, row->second);
  return first_rows(views);
}

// Somebody may be standing by for an input that has no consumer.
void Engine::offer_inputs() {
  broker_.for_each([this](broker::Session& session) {
    if (session.connected()) delivery_.bind_inputs(session);
  });
}

void Engine::renew_grants() {
  publish_rights_.renew();
  warn_of_topics_refused();
  broker_.renew_grants();
  // Inputs go to whoever may have them now.
  broker_.for_each([this](broker::Session& session) { (void)delivery_.unbind_inputs(session); });
  offer_inputs();
}

core::Status Engine::kick(std::string_view client_id) {
  if (broker_.kick(client_id, clock_.now())) return {};
  const std::string name = "\"" + std::string(client_id) + "\"";
  if (!broker_.find(client_id)) return core::fail(core::Errc::not_found, "there is no client " + name);
  return core::fail(core::Errc::not_found, "client " + name + " is not connected; it has a session only");
}

core::Result<QueueContent> Engine::remove_session(std::string_view client_id) {
  const std::shared_ptr<broker::Session> session = broker_.find(client_id);
  if (!session)
    return core::fail(core::Errc::not_found, "there is no session \"" + std::string(client_id) + "\"");
  if (!store_error_.empty())
    return core::fail(core::Errc::unavailable, "the store takes no writes now, try later: " + store_error_);
  QueueContent held;
  if (session->queue) {
    const store::QueueStats& queue = store_.stats(*session->queue);
    held = {queue.waiting(), queue.waiting_bytes()};
  }
  (void)broker_.remove_session(client_id, clock_.now());
  log_.info("session_removed",
            {{"client", client_id}, {"messages", held.messages}, {"bytes", held.bytes}, {"by", "operator"}});
  return held;
}

void Engine::serve_sys(uint32_t interval_s, SysFeed::Read read) {
  feeds_.serve_sys(interval_s, std::move(read), clock_.now());
}

IngestStats Engine::ingest_stats() const {
  IngestStats stats = ingest_.stats();
  stats.messages += broker_.denied().publish;
  stats.dropped += computer_.dropped();
  return stats;
}

void Engine::tick() {
  const core::Now now = clock_.now();
  broker_.tick(now);
  feeds_.tick(now);
  store_.tick(now);
  thinners_.tick();
  thinners_.tell_folded([this](store::QueueId queue, uint64_t entries) { losses_.on_kept(queue, entries); });
  losses_.tick(now);
  computer_.tick();  // results that wait for a drained queue come before it is removed
  if (routes_.remove_drained()) delivery_.set_inputs(routes_.inputs());
  ingest_.retry_held();
  retained_.tick(now);
  replays_.on_store_room();
  sessions_.tick(now);
  history_.tick(now);
  recorder_.tick(now.wall_ms);
  shadows_.tick();
  edge_.tick(now);
}

// ---- what clients do ----

void Engine::on_connected(broker::Session& session, bool, const broker::WillChange& will) {
  sessions_.on_connected(session, will);
  if (session.queue) delivery_.bind_session(*session.queue, session);
  // Asks the rights anew: they may be others than on the last connection.
  if (delivery_.unbind_inputs(session)) offer_inputs();
  delivery_.bind_inputs(session);
  edge_.on_connected(session, clock_.now());
}

// A message of a share that was being sent waits for its member, as long as the session lives [MQTT-4.8.2-4].
void Engine::on_disconnected(broker::Session& session, const broker::WillChange& will) {
  held_.on_disconnected(session);
  ingest_.on_disconnected(session);
  sessions_.on_disconnected(session, will);
  replays_.on_disconnected(session);
  edge_.on_disconnected(session, clock_.now());
  if (delivery_.consumes_inputs(session)) offer_inputs();
}

void Engine::on_session_ended(broker::Session& session) {
  held_.on_session_ended(session);
  replays_.on_session_ended(session);
  ingest_.on_disconnected(session);
  const uint64_t handed = shares_.hand_over(session, delivery_.maybe_sent(session));
  const bool consumer = delivery_.consumes_inputs(session);
  delivery_.unbind(session);
  if (session.queue) losses_.on_removal(*session.queue, handed, clock_.now());
  sessions_.forget(session);
  if (consumer) offer_inputs();
}

void Engine::on_will(broker::Session& session, const broker::StoredWill& will) {
  sessions_.keep_will(session, will);
}

void Engine::on_will_due(broker::Session& session, core::MessagePtr will) {
  ingest_.publish_will(session, std::move(will));
}

void Engine::on_publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token,
                        core::Now now) {
  edge_.on_publish(from, message->topic);
  ingest_.publish(from, std::move(message), token, now);
}

void Engine::on_edge_request(broker::Session& from, core::MessagePtr request, broker::PublishToken token,
                             core::Now now) {
  edge_.on_request(from, *request, token, now);
}

void Engine::on_release(broker::Session& from, uint16_t packet_id) {
  answers_.give_when_durable(from, Answers::Kind::released, packet_id,
                             SessionKeeper::released(from, packet_id));
}

void Engine::on_subscribed(broker::Session& session, uint16_t packet_id,
                           std::vector<broker::AcceptedSubscription> accepted,
                           std::vector<broker::ReasonCode> codes) {
  answers_.give_when_durable(session, Answers::Kind::subscribed, packet_id,
                             SessionKeeper::subscribed(session, accepted), std::move(codes));
  for (const broker::AcceptedSubscription& one : accepted) {
    edge_.on_subscribed(session, one.filter);
    if (!wants_retained(one)) continue;
    replays_.begin(session, one.filter, one.options);
    feeds_.send_current(session, one.filter, one.options, clock_.now());
  }
  delivery_.bind_inputs(session);
  edge_.on_connected(session, clock_.now());
}

void Engine::on_unsubscribed(broker::Session& session, uint16_t packet_id, std::vector<std::string> removed,
                             std::vector<broker::ReasonCode> codes) {
  replays_.cancel(session, removed);
  if (delivery_.unbind_inputs(session)) offer_inputs();
  answers_.give_when_durable(session, Answers::Kind::unsubscribed, packet_id,
                             SessionKeeper::unsubscribed(session, removed), std::move(codes));
}

void Engine::on_delivered(broker::Session& session, broker::DeliveryToken token, bool delivered) {
  delivery_.on_delivered(session, token, delivered);
  replays_.on_room(session);
}

bool Engine::defers_end(broker::Session& session, uint16_t packet_id, uint8_t qos,
                        broker::DeliveryToken token) {
  return delivery_.is_input(token.queue) && ingest_.defers_end(session, {token, packet_id, qos});
}

void Engine::on_received(broker::Session& session, uint16_t packet_id, broker::DeliveryToken token) {
  delivery_.on_received(token);
  answers_.give_when_durable(session, Answers::Kind::release, packet_id,
                             SessionKeeper::received(session, packet_id));
}

void Engine::on_completed(broker::Session& session, uint16_t packet_id) {
  sessions_.forget_released(session, packet_id);
}

void Engine::on_window_open(broker::Session& session) {
  delivery_.on_window_open(session);
  replays_.on_room(session);
}

// ---- what the store does ----

void Engine::on_durable(store::Seq up_to) {
  answers_.on_durable(up_to);
  consumers_.on_durable(up_to);
  dead_letter_tail_.on_durable(up_to);
  ingest_.retry_held();  // it may have been the disk that did not keep up
  replays_.on_store_room();
  computer_.on_durable(up_to);
  commands_.on_durable(up_to, clock_.now());
  waits_.on_durable(up_to);
}

void Engine::on_room() {
  ingest_.retry_held();
  computer_.on_room();
}

void Engine::on_available(store::QueueId queue) {
  consumers_.on_available(queue);
  thinners_.on_available(queue);
}

void Engine::on_failed(const core::Error& error) {
  store_error_ = error.what;
  log_.error("hub_cannot_store",
             {{"error", error.what},
              {"effect",
               "no message is acknowledged until the store could be opened again; it is tried by itself"}});
  answers_.on_failed();
  computer_.on_failed();
  commands_.on_failed(clock_.now());
  waits_.on_failed();
  thinners_.on_failed();
}

void Engine::on_recovered() {
  store_error_.clear();
  computer_.on_recovered();
  thinners_.on_recovered();
  log_.info("hub_stores_again");
}

}  // namespace headgate::hub
