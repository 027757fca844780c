// View of the hub for the admin tool. Nothing here is on a message's way.
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base64.h"
#include "hub/config/presence_text.h"
#include "hub/engine/routes/verdicts.h"
#include "hub/hub.h"
#include "hub/metrics.h"
#include "hub/observe/scrape/prometheus_text.h"
#include "routing/files/route_record.h"

namespace headgate::hub {
namespace {

class TailSubscription : public Subscription {
 public:
  TailSubscription(Tails& tails, uint64_t handle) : tails_(tails), handle_(handle) {}
  ~TailSubscription() override { tails_.remove(handle_); }

 private:
  Tails& tails_;
  uint64_t handle_;
};

std::vector<PresenceHead> heads_of(const std::vector<upstream::QueueReport>& queues) {
  std::vector<PresenceHead> heads;
  for (const upstream::QueueReport& queue : queues) {
    if (!queue.status.head) continue;
    PresenceHead& head = heads.emplace_back();
    head.stream = stream_of(queue.queue);
    head.number = queue.status.head->number;
    core::append_base64(head.hash, upstream::bytes_of(queue.status.head->hash));
  }
  return heads;
}

std::optional<upstream::UpstreamReport> report_of(const UpstreamShell* shell) {
  if (!shell) return std::nullopt;
  return shell->report();
}

uint64_t heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;  // small pieces, and those mapped by themselves
}

UpstreamStatus upstream_status(const upstream::UpstreamOptions& options, const std::string& hub_id,
                               const std::optional<upstream::UpstreamReport>& report) {
  UpstreamStatus status;
  status.state = name_of(link_state(report));
  if (!report) return status;
  const upstream::LinkReport& link = upstream::main_link(*report);
  const upstream::ForwarderStatus sum = upstream::sum_of(*report);
  status.host = link.named.connection.host;
  status.port = link.named.connection.port;
  const bool of_link = link.status.last_error_ms >= sum.last_error_ms;
  status.last_error = of_link ? link.status.last_error : sum.last_error;
  status.last_error_ms = of_link ? link.status.last_error_ms : sum.last_error_ms;
  status.retry_in_ms = link.status.retry_in_ms;
  status.since_ms = link.status.since_ms;
  status.unheard_since_ms = sum.unheard_since_ms;
  if (sum.unheard_since_ms != 0) status.unheard_topic = upstream::expand_hub(options.topic, hub_id);
  return status;
}

std::string health_of(const std::string& store_error, const store::DiskState& disk) {
  if (!store_error.empty()) return "it does not store: " + store_error;
  if (disk.stopped != store::RoomFor::none) return "its disk is nearly full";
  return "ok";
}

constexpr size_t kWaitingShown = 10;

std::vector<WaitingClient> waiting_clients(const HeldPublishes& held) {
  std::vector<WaitingClient> waiting;
  held.for_each([&](const HeldClient& client) {
    waiting.push_back({client.client_id, client.publishes, client.bytes, client.paused});
  });
  std::ranges::sort(waiting, [](const WaitingClient& a, const WaitingClient& b) {
    return std::tuple(!a.paused, a.client_id) < std::tuple(!b.paused, b.client_id);
  });
  if (waiting.size() > kWaitingShown) waiting.resize(kWaitingShown);
  return waiting;
}

std::unordered_map<std::string, HeldClient> held_by_client(const HeldPublishes& held) {
  std::unordered_map<std::string, HeldClient> clients;
  held.for_each([&](const HeldClient& client) { clients.emplace(client.client_id, client); });
  return clients;
}

int64_t last_seen_ms(const broker::Session& session, core::Now now) {
  const broker::Channel* const channel = session.channel();
  return channel == nullptr ? session.since_wall_ms()
                            : now.wall_ms - (now.mono_ms - channel->last_received_ms);
}

// Unix time of a mono time that has passed.
int64_t wall_of(int64_t mono_ms, core::Now now) { return now.wall_ms - (now.mono_ms - mono_ms); }

QueueClient queue_client(store::QueueId queue, const broker::Session& session, core::Now now) {
  QueueClient client{.queue = queue, .client_id = session.client_id(), .connected = session.connected()};
  client.since_ms = session.since_wall_ms();
  client.in_flight = session.in_flight();
  if (const auto since_ms = session.unanswered_since_ms())
    client.unanswered_since_ms = wall_of(*since_ms, now);
  if (session.stays_behind()) client.unsent_bytes = session.channel()->unsent_bytes();
  return client;
}

// Modules that have a session, and those of the gateway that are registered and have none.
std::vector<PresenceModule> modules_of(const broker::Broker& broker, const EdgeIdentities& identities,
                                       core::Now now) {
  std::vector<PresenceModule> modules;
  broker.for_each([&](const broker::Session& session) {
    const broker::Identity& who = session.identity();
    if (who.kind != broker::Identity::Kind::module) return;
    modules.push_back({who.device.empty() ? who.module : who.device + "/" + who.module, session.connected(),
                       session.stats().connects, last_seen_ms(session, now)});
  });
  for (const auto& [id, registered] : identities.registered().all())
    if (registered.enabled && id.is_module() && id.device == identities.settings().device_id &&
        !broker.find(id.id()))
      modules.push_back({.id = id.id()});
  return modules;
}

}  // namespace

Sources Hub::sources() const {
  return {
      .engine = engine_,
      .admission = &connections_.admission(),
      .workload = workload_ ? &workload_->counts() : nullptr,
      .queues = queue_totals(*store_),
      .queued_bytes_max = config_.queues.bytes_max,
      .buffered_bytes_max = config_.broker.session.queued_bytes_max + config_.broker.session.unsent_bytes_max,
      .memory = store_->store_memory(),
      .disk = store_->disk(),
      .log = log_.stats(),
      .store = store_.get(),
      .sync_times = &store_->sync_times(),
      .now = clock_.now(),
      .upstream = report_of(upstream_.get()),
      .version = std::string(kVersion),
      .durability = to_string(config_.store.durability),
      .uptime_s = (clock_.now().mono_ms - started_mono_ms_) / 1000,
      .clock_right = clock_.now().clock_right,
      .heap_bytes = heap_bytes};
}

std::string Hub::presence(const std::string& link, core::Now now) {
  Presence presence;
  presence.hub = store_->identity().hub;
  presence.link = link;
  presence.version = kVersion;
  presence.started_ms = now.wall_ms - (now.mono_ms - started_mono_ms_);
  presence.period_s = config_.upstream.presence_s;
  presence.health = health_of(engine_.store_error(), store_->disk());
  presence.clients = engine_.broker().clients_connected();
  if (desk_) {
    presence.document_version = desk_->version();
    presence.document_state = desk_->state();
  }
  presence.epoch = store_->identity().epoch;
  if (const auto report = upstream()) presence.heads = heads_of(report->queues);
  presence.modules = modules_of(engine_.broker(), access_.edge(), now);
  return online_text(presence, *store_, now);
}

store::StoreStats Hub::store_stats() const {
  store::StoreStats stats = store_->store_stats();
  stats.mode = to_string(config_.store.durability);
  return stats;
}

std::optional<upstream::UpstreamReport> Hub::upstream() const { return report_of(upstream_.get()); }

Readings Hub::status_readings() const { return read_metrics(sources(), is_in_status); }

void Hub::scrape_metrics(OnScraped done) {
  auto copy = std::make_shared<Scrape>(scrape(sources()));
  auto text = std::make_shared<std::string>();
  const auto work = [copy, text] { *text = prometheus_text(metrics(), *copy); };
  on_compiler()(work, [text, done = std::move(done)] { done(std::move(*text)); });
}

void Hub::note_history() {
  const int64_t wall_ms = clock_.now().wall_ms;
  const LinkState link = link_state(report_of(upstream_.get()));
  history_.store_failed.note(!engine_.store_error().empty(), wall_ms);
  history_.disk_low.note(store_->disk().stopped != store::RoomFor::none, wall_ms);
  history_.link_down.note(link == LinkState::connecting || link == LinkState::waiting, wall_ms);
  history_.look(read_metrics({.engine = engine_, .admission = &connections_.admission()}, is_trouble),
                wall_ms);
}

HubStatus Hub::status() const {
  HubStatus status;
  status.version = kVersion;
  status.hub_id = store_->identity().hub;
  status.epoch = store_->identity().epoch;
  status.data_dir = config_.data_dir;
  status.durability = to_string(config_.store.durability);
  // Reckoned back from today's clock: the one of the start may have been wrong.
  status.started_ms = now().wall_ms - (now().mono_ms - started_mono_ms_);
  for (const auto& listener : listeners_) status.listeners.push_back(listener->name());
  status.store_error = engine_.store_error();
  status.store_error_since_ms = history_.store_failed.ms();
  status.disk_stopped = store_->disk().stopped;
  status.disk_low_since_ms = history_.disk_low.ms();
  status.disk_resume_bytes = store_->disk().resume_bytes;
  status.last_ms = history_.grew_ms();
  status.waiting = waiting_clients(engine_.held());
  status.upstream = upstream_status(config_.upstream, status.hub_id, report_of(upstream_.get()));
  status.upstream.down_since_ms = history_.link_down.ms();
  status.reload = reloads_.report();
  return status;
}

std::vector<Unready> Hub::unready() const {
  std::vector<Unready> reasons;
  if (stopped_) reasons.push_back({"stopping", "the hub was asked to end"});
  if (const std::string& error = engine_.store_error(); !error.empty())
    reasons.push_back({"not_writing", error});
  if (const store::DiskState disk = store_->disk(); disk.stopped != store::RoomFor::none)
    reasons.push_back({"disk_low", std::to_string(disk.free_bytes) +
                                       " bytes are free; messages are taken from " +
                                       std::to_string(disk.resume_bytes) + " on"});
  return reasons;
}

std::vector<std::string> Hub::stuck_workers() const {
  std::vector<std::string> stuck = store_->stalled();
  for (std::string& worker : core::WatchedWorker::stuck(clock_.now().mono_ms))
    stuck.push_back(std::move(worker));
  return stuck;
}

// The client id of a rule's %c is the user's name: there is no client.
std::shared_ptr<const broker::Rights> Hub::rights_of(const std::string& user) {
  if (user.empty()) return nullptr;
  broker::Identity identity;
  identity.username = user;
  const broker::Grant grant = access_.renew(identity, user);
  return grant.rights != nullptr ? grant.rights : broker::Rights::none();
}

std::vector<RouteVerdict> Hub::judge(const core::Message& message, bool has_whole_body) const {
  return judge_message(*engine_.routes().compiled(), engine_.computer().tables(), message, has_whole_body);
}

bool Hub::may_receive(const std::string& user, std::string_view topic) {
  return rights_of(user)->may_receive(topic);
}

std::vector<ClientInfo> Hub::clients() const {
  std::vector<ClientInfo> clients;
  const auto held = held_by_client(engine_.held());
  const core::Now now = clock_.now();
  engine_.broker().for_each([&](broker::Session& session) {
    ClientInfo info;
    info.client_id = session.client_id();
    info.connected = session.connected();
    info.persistent = session.persistent();
    info.protocol = session.version() == broker::Version::v5 ? "5" : "3.1.1";
    info.username = session.identity().username;
    info.module = session.identity().module;
    info.device = session.identity().device;
    info.since_ms = session.since_wall_ms();
    info.last_seen_ms = last_seen_ms(session, now);
    info.connects = session.stats().connects;
    if (const broker::Channel* channel = session.channel()) {
      if (channel->is_v3_1) info.protocol = "3.1";
      info.address = channel->peer();
      info.keep_alive_s = channel->keep_alive_s;
    }
    info.subscriptions = session.subscriptions().size();
    info.in_flight = session.in_flight();
    info.queued_messages = session.waiting();
    info.queued_bytes = session.waiting_bytes();
    if (session.queue) {
      const store::QueueStats& queue = store_->stats(*session.queue);
      info.queued_messages += queue.waiting();
      info.queued_bytes += queue.waiting_bytes();
    }
    info.messages_in = session.stats().received;
    info.messages_out = session.stats().delivered;
    info.dropped = session.stats().dropped;
    if (const auto known = held.find(info.client_id); known != held.end()) {
      info.held = known->second.publishes;
      info.paused = known->second.paused;
    }
    const broker::Denials& denied = session.stats().denied;
    info.denied = {denied.publish, denied.subscribe, denied.receive};
    clients.push_back(std::move(info));
  });
  return clients;
}

core::Result<ClientRights> Hub::client_rights(const std::string& client_id) const {
  const auto session = engine_.broker().find(client_id);
  if (!session) return core::fail(core::Errc::not_found, "there is no client \"" + client_id + "\"");
  ClientRights rights{session->rights().module(), session->rights().rules(), {}};
  for (const auto& [filter, options] : session->subscriptions())
    rights.subscriptions.emplace_back(filter, options.qos);
  return rights;
}

QueueReaders Hub::queue_readers() const {
  QueueReaders readers;
  readers.computing_waits = engine_.computer().blocked_by();
  const core::Now now = clock_.now();
  engine_.broker().for_each([&](broker::Session& session) {
    if (session.queue) readers.clients.push_back(queue_client(*session.queue, session, now));
  });
  engine_.delivery().for_each_input(
      [&](const std::string& topic, store::QueueId queue, const broker::Session* session) {
        QueueClient client =
            session != nullptr ? queue_client(queue, *session, now) : QueueClient{.queue = queue};
        client.input = topic;
        client.held = session != nullptr && engine_.held().claims_of(*session) != nullptr;
        readers.clients.push_back(std::move(client));
      });
  return readers;
}

std::vector<EdgeIdentityInfo> Hub::identities() const {
  std::vector<EdgeIdentityInfo> all;
  for (const auto& [id, registered] : access_.edge().registered().all()) {
    const IdentitySeen& seen = access_.edge().seen(id);
    const auto session = engine_.broker().find(id.id());
    all.push_back({.id = id,
                   .enabled = registered.enabled,
                   .connected = session && session->connected(),
                   .seen = session || seen.admitted > 0,
                   .admitted = seen.admitted,
                   .refused = seen.refused,
                   .last_refusal = std::string(seen.last_refusal),
                   .last_refused_ms = seen.last_refused_ms});
  }
  return all;
}

core::Result<RemovedSession> Hub::remove_session(const std::string& client_id) {
  const auto session = engine_.broker().find(client_id);
  const bool connected = session && session->connected();
  const auto held = engine_.remove_session(client_id);
  if (!held) return core::fail(held.error());
  return RemovedSession{connected, held->messages, held->bytes};
}

std::vector<RouteInfo> Hub::routes() const { return engine_.describe_routes(); }
std::vector<LookupInfo> Hub::lookups() const { return engine_.describe_lookups(); }

core::Result<RouteWindows> Hub::open_windows(const std::string& route, size_t count) const {
  auto windows = engine_.computer().open_windows(route, count);
  if (windows) return *std::move(windows);
  return core::fail(core::Errc::not_found,
                    "there is no route \"" + route + "\" in force that remembers anything");
}

core::Result<LookupRows> Hub::lookup_rows(const std::string& table, const std::string& after,
                                          size_t count) const {
  auto rows = engine_.lookup_rows(table, after, count);
  if (rows) return *std::move(rows);
  return core::fail(core::Errc::not_found, "there is no table \"" + table + "\"");
}

core::Result<size_t> Hub::try_routes(const routing::RouteFile& routes) {
  routing::RouteFile whole = routes;
  read_named_in(config_.routes_dir, whole);
  if (const auto tried = engine_.try_routes(whole); !tried) return core::fail(tried.error());
  return routes.entries.size();
}

std::string Hub::routes_in_force() const {
  return routing::route_file_text(engine_.routes().entries_in_force());
}

std::string Hub::route_records() const {
  return routing::records_text(engine_.routes().entries_in_force(), engine_.routes().declared_tables());
}

std::unique_ptr<Subscription> Hub::subscribe_tail(std::string filter, OnMessage on_message) {
  return std::make_unique<TailSubscription>(engine_.tails(),
                                            engine_.tails().add(std::move(filter), std::move(on_message)));
}

std::unique_ptr<Subscription> Hub::subscribe_queue(store::QueueId queue, OnEntry on_entry) {
  return std::make_unique<TailSubscription>(engine_.tails(), engine_.tails().add(queue, std::move(on_entry)));
}

}  // namespace headgate::hub
