#include "hub/hub.h"

#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "core/log_limiter.h"
#include "core/system_clock.h"
#include "core/text.h"
#include "hub/authority.h"
#include "hub/edge/methods/door.h"
#include "hub/metrics.h"
#include "hub/shell/descriptors.h"
#include "hub/shell/privileges.h"
#include "hub/shell/uplink/link_topics.h"
#include "hub/shell/uplink/time_zone.h"
#include "store/open.h"

namespace headgate::hub {
namespace {

constexpr int64_t kTickMs = 1000;
constexpr int64_t kTickMsMin = 10;
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kCertificateWarningDays = 30;
constexpr int64_t kUpstreamPatienceMs =
    2000;  // for the last acknowledgements; SIGTERM allows five seconds in all
constexpr std::chrono::milliseconds kStopPoll{20};

// The key of a registered identity that its cloud takes, too; empty: there is none.
std::string key_of(const RegisteredIdentity* identity) {
  if (identity == nullptr) return "";
  return identity->primary_key.empty() ? identity->secondary_key : identity->primary_key;
}

VerifiedPasswords::Key random_key() {
  VerifiedPasswords::Key key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    std::abort();  // the system has no randomness
  return key;
}

// A hub that is given no id is called as its store was the first time, whatever the host is called now.
Config with_id_of_store(Config config, const store::DurableStore& store, core::Log& log) {
  if (!config.hub_id.empty()) return config;
  const std::string guessed = hub_id_of(config);
  config.hub_id = store.identity().hub;
  if (config.hub_id != guessed)
    log.warn("hub_id_from_store",
             {{"hub", config.hub_id}, {"host", guessed}, {"fix", "set hub_id in the config"}});
  return config;
}

// Gives the store its share, and returns what is left for clients.
DescriptorShares take_descriptors(const Config& config, store::StoreOptions& store, core::Log& log) {
  const DescriptorShares wanted{static_cast<size_t>(store.tables_open_max), config.admission.connections_max};
  const size_t limit = raise_descriptor_limit(descriptors_for(wanted));
  const DescriptorShares shares = share_descriptors(limit, wanted);
  reserve_descriptors(descriptors_for(shares));
  store.tables_open_max = static_cast<int>(shares.tables_open_max);
  if (shares.connections_max < wanted.connections_max)
    log.warn("descriptors_few",
             {{"limit", limit},
              {"connections_max", wanted.connections_max},
              {"connections_let_in", shares.connections_max},
              {"instead", "raise LimitNOFILE to " + std::to_string(descriptors_for(wanted))}});
  return shares;
}

// Names that clients may call this server: those of the machine to itself.
std::vector<std::string> http_names(const std::string& address) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "[::1]"};
  names.push_back(address.find(':') == std::string::npos ? address : "[" + address + "]");
  return names;
}

// An address that a browser on this machine takes.
std::string console_url(const std::string& address, uint16_t port, bool over_tls) {
  const bool is_local = address == "127.0.0.1" || address == "0.0.0.0" || address == "::";
  const std::string host = is_local ? "localhost" : http_names(address).back();
  return (over_tls ? "https://" : "http://") + host + ":" + std::to_string(port) + "/";
}

broker::AdmissionLimits admission_within(const DescriptorShares& shares, broker::AdmissionLimits limits) {
  limits.connections_max = shares.connections_max;
  return limits;
}

}  // namespace

core::Result<std::unique_ptr<Hub>> Hub::open(const Config& wanted, std::string config_path,
                                             boost::asio::io_context& io, SpdlogLog& log,
                                             const std::function<void()>& alone_no_more) {
  // With their certificates, which may have to be made before.
  const auto authority = make_wanted_authority(wanted, core::SystemClock().now().wall_ms);
  if (!authority) return core::fail(authority.error());
  auto listeners = bind_listeners(wanted, io, log);
  if (!listeners) return core::fail(listeners.error());
  // Before anything is written, so that all files are the user's; after what only root may open.
  if (const auto dropped = drop_privileges(wanted.user); !dropped) return core::fail(dropped.error());
  use_time_zone(wanted.upstream.time_zone);
  store::StoreOptions store_opts = store_options(wanted);
  // With its first line the log has a thread, and from here on others may have theirs.
  const DescriptorShares shares = take_descriptors(wanted, store_opts, log);
  alone_no_more();
  tell_of_authority(*authority, log);
  if (runs_as_root()) log.warn("runs_as_root", {{"instead", "set user in the config"}});
  auto executor = std::make_unique<AsioExecutor>(io);
  auto store = store::open_queue_store(store_opts, *executor, log.of(core::LogPart::store));
  if (!store) return core::fail(store.error());
  const Config config = with_id_of_store(wanted, **store, log);
  auto hub =
      std::unique_ptr<Hub>(new Hub(config, admission_within(shares, config.admission), std::move(config_path),
                                   io, log, std::move(*listeners), std::move(executor), std::move(*store)));
  if (const auto restored = hub->restore(); !restored) return core::fail(restored.error());
  if (const auto routed = hub->reloads_.look_at_start(hub->config_, hub->config_path_); !routed)
    return core::fail(routed.error());
  return hub;
}

Hub::Hub(const Config& config, const broker::AdmissionLimits& admission, std::string config_path,
         boost::asio::io_context& io, SpdlogLog& log, Listeners listeners,
         std::unique_ptr<AsioExecutor> executor, std::unique_ptr<store::DurableStore> store)
    : config_(config),
      config_path_(std::move(config_path)),
      io_(io),
      log_(log),
      clock_(log),
      started_mono_ms_(clock_.now().mono_ms),
      executor_(std::move(executor)),
      store_(std::move(store)),
      hasher_(*executor_),
      access_(hasher_, random_key(), clock_, log.of(core::LogPart::access)),
      engine_(config.broker, access_, *store_, *executor_, clock_, log.of(core::LogPart::engine)),
      handshake_thread_(*executor_),
      connections_(io, engine_.broker(), clock_, log.of(core::LogPart::broker), admission, handshake_thread_),
      listeners_(std::move(listeners)),
      admin_door_(*this, *store_, *executor_, io, log.of(core::LogPart::http)),
      tick_timer_(io),
      stop_timer_(io),
      reloads_(engine_, clock_, log, on_compiler()),
      runs_({engine_, *executor_, on_compiler(),
             [this](const std::string& user, std::string_view topic) { return may_receive(user, topic); }}),
      changes_(make_config_desk()) {
  engine_.tails().topics().use_limit(config.observe.topics_bytes);
  engine_.serve_texts([this] {
    const auto report = upstream();
    return report ? link_topics(*report) : std::vector<SysTopic>();
  });
  engine_.serve_sys(config.sys_interval_s, [this] { return read_metrics(sources(), is_in_sys); });
}

Hub::~Hub() = default;

// Whoever waits is forgotten with the loop.
void Hub::after(int64_t ms, std::function<void()> work) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(io_, std::chrono::milliseconds(ms));
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code cancelled) {
    if (!cancelled) work();
  });
}

void Hub::elsewhere(MakeText make, OnText done) {
  const auto text = std::make_shared<std::string>();
  on_compiler()([text, make = std::move(make)] { *text = make(); },
                [text, done = std::move(done)] { done(std::move(*text)); });
}

Elsewhere Hub::on_compiler() {
  return [this](std::function<void()> work, std::function<void()> then) {
    workers_.compiler.post([this, work = std::move(work), then = std::move(then)] {
      work();
      executor_->post(then);
    });
  };
}

// ---- start ----

core::Status Hub::restore() {
  if (auto timed = clock_.start(*store_); !timed) return timed;
  if (auto laid = restore_remote(); !laid) return laid;
  engine_.doubt(clock_.doubtful());
  if (const auto known = use_access(config_); !known) return core::fail(known.error());
  engine_.use_limits(config_.queues);
  engine_.use_lane_mode(config_.lane_mode);
  engine_.edge().use_identities([this](const EdgeId& id) {
    return is_own_edge_identity(config_.iot_edge, id) || access_.edge().registered().find(id) != nullptr;
  });
  if (const auto restored = engine_.restore(); !restored) return restored;
  serve_hub_twin();
  engine_.use_recorder(config_.observe.history_bytes);
  return engine_.use_history(config_.history);
}

core::Status Hub::start() {
  if (const auto admin = admin_door_.server.listen(admin_socket_path(config_)); !admin) return admin;
  if (const auto http = listen_http(); !http) return http;
  if (const auto workload = listen_workload(); !workload) return workload;
  if (const auto listening = listen(); !listening) return listening;
  engine_.remove_unused_ways_up();
  engine_.thinners().spare(begun_before_start(*store_));
  if (const auto links = links_of(config_); !links.empty()) {
    upstream::CommandTaker& taker = desk_ ? static_cast<upstream::CommandTaker&>(*desk_) : engine_.commands();
    upstream_ = std::make_unique<UpstreamShell>(io_, *executor_, clock_, log_.of(core::LogPart::upstream),
                                                *store_, engine_.consumers(), engine_.recorder(), taker,
                                                upstream_options(config_), links);
    upstream_->doubt(clock_.doubtful());
    upstream_->sign_with([this](const upstream::CloudIdentity& id) {
      return key_of(access_.edge().registered().find({id.device, id.module}));
    });
    upstream_->announce([this](const std::string& link, core::Now now) { return presence(link, now); });
    engine_.thinners().spare(
        [this](store::QueueId queue, uint8_t lane) { return upstream_->begun_up_to(queue, lane); });
    report_remote();
    if (auto started = upstream_->start(); !started) return started;
    if (desk_) upstream_->documents_changed(desk_->asks_for_links());
  }
  log_.info("started", {{"version", kVersion},
                        {"hub", store_->identity().hub},
                        {"epoch", store_->identity().epoch},
                        {"data_dir", config_.data_dir},
                        {"durability", to_string(config_.store.durability)},
                        {"waiting", store_->stats(engine_.upstream_queue()).waiting()}});
  workers_.helper.post(
      trim_memory);  // thousands of routes leave a kilobyte each behind when they have been read
  note_history();
  changes_->started();
  schedule_tick();
  return {};
}

core::Result<bool> Hub::use_access(const Config& config) { return access_.use(access_settings(config)); }

core::Result<Hub::Listeners> Hub::bind_listeners(const Config& config, boost::asio::io_context& io,
                                                 core::Log& log) {
  Listeners listeners;
  for (const ListenerConfig& at : config.listeners) {
    auto bound = broker::Listener::bind(io, listener_options(at, config.iot_edge.device_id),
                                        log.of(core::LogPart::broker));
    if (!bound) return core::fail(bound.error());
    listeners.push_back(std::move(*bound));
  }
  return listeners;
}

// A module is known by its token alone: what comes in over HTTPS needs no session.
void Hub::serve_methods() {
  MethodDoor parts{
      .verbs = engine_.edge(),
      .own_device = config_.iot_edge.device_id,
      .verify = [this](std::string_view authorization, const EdgeId& caller,
                       core::Now now) { return access_.edge().verify(authorization, caller, now); },
      .on_unauthorized =
          [this, told = std::make_shared<core::LogLimiter>()](const broker::HttpRequest& request,
                                                              std::string_view caller, std::string_view why,
                                                              core::Now now) {
            const auto left_out = told->admit(request.peer.substr(0, request.peer.rfind(':')), now);
            if (!left_out) return;
            log_.warn("method_caller_refused", {{"peer", request.peer},
                                                {"caller", core::shortened(caller, 2 * kEdgeIdCharactersMax)},
                                                {"reason", why},
                                                {"left_out", *left_out}});
          }};
  connections_.serve_http(edge_door(method_door(std::move(parts)), engine_.edge().door()));
}

core::Status Hub::listen() {
  serve_methods();
  for (const auto& listener : listeners_) {
    if (const auto started = listener->start(connections_); !started) return started;
    log_.info("listening", {{"on", listener->name()}});
  }
  return {};
}

core::Status Hub::listen_http() {
  const uint16_t port = http_port(config_);
  if (port == 0) return {};
  auto tokens = read_or_make_token_file(http_token_path(config_));
  if (!tokens) return core::fail(tokens.error());
  const size_t count = tokens->size();
  const HttpConfig& http = config_.admin.http;
  Door::Rules rules{http_names(http.address), has_open_metrics(http)};
  if (const broker::TlsOptions tls = http_tls_options(http); !tls.cert_file.empty()) {
    auto loaded = HttpTls::load(tls, admin_door_.handshake_thread);
    if (!loaded) return core::fail(loaded.error());
    admin_door_.tls = *std::move(loaded);
    rules.scheme = "https";
    rules.also = [tls = admin_door_.tls](const std::string& host) { return tls->is_named(host); };
  }
  const auto key = read_or_make_session_key(http_session_key_path(config_));
  if (!key) return core::fail(key.error());
  Door door(std::move(rules), *std::move(tokens), Sessions(*key, port, admin_door_.tls != nullptr));
  if (const auto bound = admin_door_.server.listen_tcp(http.address, port, std::move(door), admin_door_.tls);
      !bound)
    return bound;
  log_.info("http_listening", {{"on", http.address + ":" + std::to_string(admin_door_.server.tcp_port())},
                               {"tls", admin_door_.tls != nullptr},
                               {"console", console_url(http.address, port, admin_door_.tls != nullptr)},
                               {"tokens", count},
                               {"token_file", http_token_path(config_)}});
  return {};
}

// ---- certificates ----

void Hub::report_certificates() const {
  for (const auto& listener : listeners_)
    if (const auto expires_ms = listener->certificate_expires_wall_ms())
      report_certificate(listener->name(), *expires_ms);
  if (admin_door_.tls) report_certificate("admin.http", admin_door_.tls->expires_wall_ms());
}

void Hub::report_certificate(const std::string& listener, int64_t expires_wall_ms) const {
  const int64_t days = (expires_wall_ms - clock_.now().wall_ms) / kDayMs;
  if (days < kCertificateWarningDays) {
    log_.warn("certificate_expires", {{"listener", listener},
                                      {"days_left", days},
                                      {"clock", clock_.now().clock_right ? "synced" : "unsynced"}});
  }
}

// ---- time ----

void Hub::tick() {
  on_tick_();
  clock_.tick(*store_);
  const int64_t today = clock_.now().wall_ms / kDayMs;
  if (std::exchange(certificates_checked_day_, today) != today) report_certificates();
  engine_.tick();
  if (upstream_) upstream_->tick();
  if (desk_) desk_->tick();
  changes_->tick();
  access_.tick(clock_.now());
  connections_.tick();
  log_.tick();
  admin_door_.api.tick();
  if (idle_trim_.due(engine_.broker().traffic().packets_in, clock_.now())) workers_.helper.post(trim_memory);
  note_history();
  reloads_.look_again_when_due(config_, config_path_);
  schedule_tick();
}

// The store syncs on ticks in its interval mode, so they come as often as that.
int64_t Hub::tick_ms() const {
  const store::Durability& durability = config_.store.durability;
  if (durability.mode != store::Durability::Mode::interval) return kTickMs;
  return std::clamp<int64_t>(durability.interval_ms, kTickMsMin, kTickMs);
}

void Hub::schedule_tick() {
  tick_timer_.expires_after(std::chrono::milliseconds(tick_ms()));
  tick_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) tick();
  });
}

// ---- stop ----

void Hub::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  log_.info("stopping");
  reloads_.stop();
  for (const auto& listener : listeners_) listener->close();
  engine_.broker().shut_down();
  connections_.close_all();
  if (upstream_) upstream_->close(kUpstreamPatienceMs);
  wait_for_good_byes(clock_.now().mono_ms + kUpstreamPatienceMs + kUpstreamPatienceMs / 2);
}

void Hub::wait_for_good_byes(int64_t deadline_mono_ms) {
  const bool done = (!upstream_ || upstream_->closed()) && !connections_.lingers();
  if (done || clock_.now().mono_ms >= deadline_mono_ms) return finish_stopping();
  stop_timer_.expires_after(kStopPoll);
  stop_timer_.async_wait(
      [this, deadline_mono_ms](const boost::system::error_code&) { wait_for_good_byes(deadline_mono_ms); });
}

void Hub::finish_stopping() {
  tick_timer_.cancel();
  admin_door_.server.close();
  if (workload_) workload_->close();
  clock_.keep(*store_);
  engine_.flush();
  store_->close();
  log_.info("stopped");
  stopped_();
}

}  // namespace headgate::hub
