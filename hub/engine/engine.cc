#include "hub/engine/engine.h"

#include <utility>

#include "hub/engine/session_records.h"
#include "store/format/record_codec.h"

namespace headgate::hub {

Engine::Engine(const broker::BrokerOptions& options, broker::AccessControl& access, store::QueueStore& store,
               core::Executor& executor, const core::Clock& clock, core::Log& log)
    : store_(store),
      clock_(clock),
      log_(log),
      broker_(options, access, log),
      retained_(options.retained),
      routes_(store, log),
      delivery_(store, executor, clock, log),
      shares_(broker_, store, clock, log),
      ingest_({broker_, store, routes_, retained_, delivery_, held_, waits_, tails_, clock, log}) {
  client_events_.bind({&broker_, &store, &ingest_, &delivery_, &held_, &shares_, &waits_, &clock, &log});
  broker_.set_events(&client_events_);
  store.set_events(this);
}

core::Status Engine::restore() {
  if (const auto sessions = client_events_.restore_sessions(); !sessions) return sessions;
  if (const auto retained = restore_retained(); !retained) return retained;
  return restore_queues();
}

// Those that every hub has.
core::Status Engine::restore_queues() {
  const auto upstream = store_.open_queue(kUpstreamQueue);
  if (!upstream) return core::fail(upstream.error());
  upstream_queue_ = *upstream;
  const auto dead = store_.open_queue(store::kDeadQueue);
  if (!dead) return core::fail(dead.error());
  dead_queue_ = *dead;
  store_.set_policy(dead_queue_, dead_policy_);
  return {};
}

core::Status Engine::restore_retained() {
  return store_.for_each(kRetainedPrefix, [this](std::string_view, std::string_view value) -> core::Status {
    auto message = store::decode_record(value);
    if (!message) return core::fail(message.error());
    retained_.set(std::move(*message));
    return {};
  });
}

void Engine::use_limits(const StoreLimits& limits) {
  store_.set_bytes_max(limits.bytes_max);
  client_events_.use_queue_policy(limits.session);
  queue_policy_ = limits.queue;
  dead_policy_ = limits.dead;
  if (dead_queue_ != 0) store_.set_policy(dead_queue_, dead_policy_);
}

core::Status Engine::use_routes(const routing::RouteFile& routes, uint32_t default_ttl_s) {
  const auto used = routes_.use(routes, default_ttl_s, queue_policy_);
  if (!used) return used;
  delivery_.set_inputs(routes_.inputs());
  broker_.for_each([this](broker::Session& session) {
    if (session.connected()) delivery_.bind_inputs(session);
  });
  return {};
}

void Engine::renew_grants() {
  broker_.renew_grants();
  client_events_.on_grants_renewed();
}

void Engine::serve_sys(uint32_t interval_s, std::function<void(SysSnapshot&)> fill) {
  fill_sys_ = std::move(fill);
  sys_feed_.emplace(broker_, interval_s, [this] { return sys_snapshot(); });
  client_events_.serve_sys(*sys_feed_);
}

IngestStats Engine::ingest_stats() const {
  IngestStats stats = ingest_.stats();
  stats.messages += broker_.denied().publish;
  return stats;
}

SysSnapshot Engine::sys_snapshot() const {
  SysSnapshot all;
  const broker::BrokerStats& stats = broker_.stats();
  all.clients_connected = broker_.clients_connected();
  all.clients_total = broker_.sessions();
  all.clients_max = stats.clients_max;
  all.sessions_expired = stats.sessions_expired;
  all.sockets = stats.connections_accepted;
  all.traffic = broker_.traffic();
  all.drops = broker_.drops();
  all.closed = stats.closed;
  all.refused = stats.refused;
  all.publishes_denied = broker_.denied().publish;
  all.publishes_refused = ingest_.stats().refused;
  all.subscriptions = broker_.subscriptions().size();
  broker_.for_each([&all](const broker::Session& session) {
    for (const auto& [filter, options] : session.subscriptions()) {
      if (filter.starts_with("$share/")) ++all.shared_subscriptions;
    }
  });
  all.retained = retained_.size();
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& queued = store_.stats(queue);
    ++all.queues;
    all.waiting += queued.waiting();
    all.waiting_bytes += queued.waiting_bytes();
    all.dead += queued.dead;
  }
  all.store_state = store_error_.empty() ? "writing" : "failed";
  if (fill_sys_) fill_sys_(all);
  return all;
}

void Engine::tick() {
  const core::Now now = clock_.now();
  broker_.tick(now);
  if (sys_feed_) sys_feed_->tick(now);
  store_.tick(now);
  if (routes_.remove_drained()) delivery_.set_inputs(routes_.inputs());
  ingest_.retry_held();
  expire_retained(now);
}

// Once a minute is often enough: an expired message is not sent to anybody in between.
void Engine::expire_retained(core::Now now) {
  constexpr int64_t kEveryMs = 60'000;
  if (now.mono_ms - retained_checked_ms_ < kEveryMs) return;
  retained_checked_ms_ = now.mono_ms;
  std::vector<store::KeyValue> gone;
  for (const std::string& topic : retained_.remove_expired(now.wall_ms))
    gone.push_back(erase_retained(topic));
  if (!gone.empty()) (void)store_.put(gone, false);  // lost: it expires again after a restart
}

void Engine::on_durable(store::Seq up_to) {
  durable_before_ = std::exchange(durable_, up_to);
  waits_.on_durable(up_to);
  ingest_.retry_held();  // it may have been the disk that did not keep up
}

// To who watches $dead: those that have just become durable.
void Engine::show_dead_letters() {
  if (!tails_.watches(dead_queue_)) return;
  const auto letters = store_.read(dead_queue_, store::kDefaultLane, durable_before_, {}, clock_.now());
  if (!letters) return;
  for (const store::Entry& letter : *letters) tails_.on_entry(dead_queue_, letter, store::kDefaultLane);
}

void Engine::on_available(store::QueueId queue) {
  if (queue == dead_queue_) return show_dead_letters();
  if (queue != upstream_queue_) return delivery_.on_available(queue);
  if (upstream_available_) upstream_available_();
}

void Engine::on_failed(const core::Error& error) {
  store_error_ = error.what;
  log_.error("hub_cannot_store",
             {{"error", error.what},
              {"effect",
               "no message is acknowledged until the store could be opened again; it is tried by itself"}});
  waits_.on_failed();
}

void Engine::on_recovered() {
  store_error_.clear();
  log_.info("hub_stores_again");
}

}  // namespace headgate::hub
