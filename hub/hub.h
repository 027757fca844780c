// The composition root: builds every part in dependency order, wires them, starts and stops them. Wiring
// only; rules live in the parts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/net/connection_pool.h"
#include "broker/net/handshake_thread.h"
#include "broker/net/listener.h"
#include "core/log.h"
#include "core/os/watched_worker.h"
#include "core/result.h"
#include "hub/access/access.h"
#include "hub/admin/hub_view.h"
#include "hub/change/desk.h"
#include "hub/config/config.h"
#include "hub/console/pages.h"
#include "hub/engine/engine.h"
#include "hub/http/server.h"
#include "hub/http/workload/door.h"
#include "hub/observe/spdlog_log.h"
#include "hub/recorded_runs.h"
#include "hub/reloads.h"
#include "hub/remote/desk.h"
#include "hub/shell/allocator.h"
#include "hub/shell/hasher_thread.h"
#include "hub/shell/hub_clock.h"
#include "hub/shell/loop.h"
#include "hub/shell/upstream.h"
#include "store/durable_store.h"

namespace headgate::hub {

inline constexpr std::string_view kVersion = "0.1.0";

// All of it lives on the thread that runs `io`.
// 3.1.1 [MQTT-7.0.0-1, MQTT-7.0.0-2]
class Hub : public HubView {
 public:
  // Binds the listeners, then opens the store and restores sessions and retained messages. Nothing listens
  // yet. `alone_no_more` is called once all that needs the process to have one thread is done. `config_path` is read
  // again on reload; empty: the embedded default. Errors are whole sentences for the operator.
  [[nodiscard]] static core::Result<std::unique_ptr<Hub>> open(const Config& wanted, std::string config_path,
                                                               boost::asio::io_context& io, SpdlogLog& log,
                                                               const std::function<void()>& alone_no_more);
  ~Hub() override;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Listens for clients and for the admin tool, connects upstream.
  [[nodiscard]] core::Status start();
  // Says good-bye to clients and upstream, then makes what is open durable; `stopped` is called within
  // seconds. Call once.
  void stop(std::function<void()> stopped);
  // Called about once a second while the loop goes round.
  void on_tick(std::function<void()> tick) { on_tick_ = std::move(tick); }
  // Called, as a signal would be, when a configuration is in force that takes a start. Unset: an operator has to start the
  // hub again.
  void on_start_again(std::function<void()> start_again) { start_again_ = std::move(start_again); }

  // ---- HubView (inspection.cc) ----
  [[nodiscard]] core::Now now() const override { return clock_.now(); }
  [[nodiscard]] store::QueueReader& store() override { return *store_; }
  [[nodiscard]] store::StoreStats store_stats() const override;
  [[nodiscard]] HubStatus status() const override;
  [[nodiscard]] std::vector<Unready> unready() const override;
  [[nodiscard]] std::vector<std::string> stuck_workers() const override;
  void publish(PublishRequest request, OnPublished done) override;  // publish.cc
  [[nodiscard]] const Recorder& recorder() const override { return engine_.recorder(); }
  [[nodiscard]] std::vector<RouteVerdict> judge(const core::Message& message,
                                                bool has_whole_body) const override;
  [[nodiscard]] LogEvents events(const EventFilter& filter) const override {
    return log_.events().find(filter);
  }
  void replay(RecordedRun request, OnReplayed done) override {
    runs_.run(std::move(request), {config_.routes_dir, config_.time_to_live_s}, std::move(done));
  }
  void test_routes(RouteTrial request, OnTried done) override {
    runs_.test(std::move(request), {config_.routes_dir, config_.time_to_live_s}, std::move(done));
  }

  void when_durable(store::Seq seq, std::function<void(bool durable)> done) override {
    engine_.waits().wait(seq, std::move(done));
  }
  void later(std::function<void()> work) override { executor_->post(std::move(work)); }
  void after(int64_t ms, std::function<void()> work) override;
  void elsewhere(MakeText make, OnText done) override;
  void find_topics(TopicQuery query, RenderTopics render, OnTopics done) override;  // topics.cc
  [[nodiscard]] bool may_receive(const std::string& user, std::string_view topic) override;
  [[nodiscard]] std::optional<upstream::UpstreamReport> upstream() const override;
  [[nodiscard]] Readings status_readings() const override;
  void scrape_metrics(OnScraped done) override;
  [[nodiscard]] std::vector<ClientInfo> clients() const override;
  [[nodiscard]] core::Result<ClientRights> client_rights(const std::string& client_id) const override;
  [[nodiscard]] QueueReaders queue_readers() const override;
  [[nodiscard]] std::vector<RouteInfo> routes() const override;
  [[nodiscard]] std::string routes_in_force() const override;
  [[nodiscard]] std::string route_records() const override;
  [[nodiscard]] std::vector<LookupInfo> lookups() const override;
  [[nodiscard]] core::Result<LookupRows> lookup_rows(const std::string& table, const std::string& after,
                                                     size_t count) const override;
  [[nodiscard]] core::Result<RouteWindows> open_windows(const std::string& route,
                                                        size_t count) const override;
  void reload(OnReloaded done) override;
  void apply_routes(ApplyRequest request, OnApplied done) override;  // apply.cc
  // ---- change.cc ----
  void plan_config(ConfigPlanRequest request, OnPlanned done) override;
  void apply_config(ConfigApplyRequest request, OnPlanned done) override;
  void confirm_config(OnPlanned done) override;
  // ---- remote.cc ----
  [[nodiscard]] core::Result<std::string> remote_status() const override;
  void apply_remote(std::string envelope, bool force, OnRemote done) override;
  void forget_remote(OnRemote done) override;
  [[nodiscard]] LogLevels log_levels() const override { return log_.levels(); }
  [[nodiscard]] LogLevels configured_log_levels() const override { return config_.log.levels; }
  void use_log_levels(const LogLevels& levels) override { log_.use(levels); }
  core::Result<size_t> try_routes(const routing::RouteFile& routes) override;
  core::Status kick_client(const std::string& client_id) override { return engine_.kick(client_id); }
  core::Result<RemovedSession> remove_session(const std::string& client_id) override;
  [[nodiscard]] std::vector<EdgeIdentityInfo> identities() const override;
  [[nodiscard]] EdgeVerbs& edge() override { return engine_.edge(); }
  void back_up_store(const std::string& dir, store::DurableStore::OnBackedUp done) override {
    store_->back_up(dir, std::move(done));
  }
  [[nodiscard]] std::unique_ptr<Subscription> subscribe_tail(std::string filter,
                                                             OnMessage on_message) override;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe_queue(store::QueueId queue,
                                                              OnEntry on_entry) override;

 private:
  using Listeners = std::vector<std::unique_ptr<broker::Listener>>;
  // Where operators come in, by the socket and by HTTP.
  struct AdminDoor {
    AdminDoor(HubView& hub, store::QueueStore& store, AsioExecutor& executor, boost::asio::io_context& io,
              core::Log& log)
        : handshake_thread(executor), api(hub, store, log), server(io, api, log, {}, console_pages()) {}

    broker::HandshakeThread handshake_thread;  // of its own, so that a crowd there is in nobody's way here
    std::shared_ptr<HttpTls> tls;              // null: HTTP is in the clear, or off
    AdminApi api;
    AdminServer server;
  };
  // Threads beside the loop.
  struct Workers {
    core::WatchedWorker compiler{"compiler", core::Worker::Priority::below_loop};  // of routes
    core::WatchedWorker helper{
        "helper"};  // for what would block; of the loop's priority: it holds locks that the loop needs
  };
  struct TopicSearch;

  Hub(const Config& config, const broker::AdmissionLimits& admission, std::string config_path,
      boost::asio::io_context& io, SpdlogLog& log, Listeners listeners,
      std::unique_ptr<AsioExecutor> executor, std::unique_ptr<store::DurableStore> store);

  static core::Result<Listeners> bind_listeners(const Config& config, boost::asio::io_context& io,
                                                core::Log& log);
  // Takes over auth.* and access.* of a configuration; if it cannot, nothing changes. True if they changed.
  core::Result<bool> use_access(const Config& config);

  // ---- reload.cc ----
  void reload_settings(ReloadReport& settings);
  void reload_in_turn(Reloads::Over done);
  void reload_access(const Config& fresh, ReloadReport& report);
  void reload_certificates(ReloadReport& report);
  bool report_reload(const std::string& listener, const core::Result<bool>& reloaded, ReloadReport& report);
  void reload_http_tokens(ReloadReport& report);
  void reload_workload(ReloadReport& report);  // workload.cc
  void reload_log();
  void take_over(Config fresh, ReloadReport& report);
  void write_applied(const std::string& dir, const ApplyRequest& request, ApplyReport report, OnApplied done,
                     Reloads::Over over);
  void use_applied(ApplyReport report, OnApplied done, Reloads::Over over);
  [[nodiscard]] Elsewhere on_compiler();
  // The configuration that the hub would have if its file had that text (change.cc).
  [[nodiscard]] core::Result<Config> coming(const std::string& text) const;
  [[nodiscard]] std::unique_ptr<ConfigDesk> make_config_desk();
  // Lays over the configuration what documents said before the hub ended (remote.cc).
  core::Status restore_remote();
  [[nodiscard]] Desk::Parts desk_parts();
  [[nodiscard]] std::vector<LinkSight> sights() const;
  void report_remote();

  // Text that says upstream over a link that the hub is there (inspection.cc).
  [[nodiscard]] std::string presence(const std::string& link, core::Now now);
  // ---- topics.cc ----
  void find_more_topics(const std::shared_ptr<TopicSearch>& search);
  void find_sys_topics(const std::shared_ptr<TopicSearch>& search);
  void render_topics(const TopicSearch& search, KnownTopics found);

  // Rights of the user of a token; null: all are allowed (inspection.cc).
  [[nodiscard]] std::shared_ptr<const broker::Rights> rights_of(const std::string& user);
  // The parts that metrics are read from (inspection.cc).
  [[nodiscard]] Sources sources() const;
  void note_history();
  core::Status restore();
  core::Status listen();
  void serve_methods();
  core::Status listen_http();
  core::Status listen_workload();  // workload.cc
  void serve_hub_twin();           // own_twin.cc
  void report_certificates() const;
  void report_certificate(const std::string& listener, int64_t expires_wall_ms) const;
  void tick();
  void schedule_tick();
  [[nodiscard]] int64_t tick_ms() const;
  void wait_for_good_byes(int64_t deadline_mono_ms);
  void finish_stopping();

  // Constant after construction.
  Config config_;
  std::string config_path_;
  boost::asio::io_context& io_;
  SpdlogLog& log_;
  HubClock clock_;
  int64_t started_mono_ms_ = 0;
  History history_;

  // The parts, each needing only those above it.
  std::unique_ptr<AsioExecutor> executor_;
  std::unique_ptr<store::DurableStore> store_;
  HasherThread hasher_;
  Access access_;
  Engine engine_;
  std::unique_ptr<UpstreamShell> upstream_;  // null without an upstream in the config
  broker::HandshakeThread handshake_thread_;
  broker::ConnectionPool connections_;
  Listeners listeners_;
  AdminDoor admin_door_;
  std::unique_ptr<WorkloadDoor> workload_;  // null: modules have no sockets

  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer stop_timer_;
  std::function<void()> stopped_;
  Reloads reloads_;
  std::unique_ptr<Desk> desk_;  // null: no documents are taken
  RecordedRuns runs_;
  std::unique_ptr<ConfigDesk> changes_;
  std::function<void()> on_tick_ = [] {};
  std::function<void()> start_again_;
  int64_t certificates_checked_day_ = 0;
  IdleTrim idle_trim_;
  Workers workers_;
};

}  // namespace headgate::hub
