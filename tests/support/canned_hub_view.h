// A hub for the admin API's tests: answers what the test put in, and lets it publish to the tails.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/topic.h"
#include "hub/admin/hub_view.h"
#include "store/format/attributes_codec.h"
#include "tests/support/canned_readings.h"
#include "tests/support/edge/canned_verbs.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::testing {

class CannedHubView : public hub::HubView {
 public:
  [[nodiscard]] core::Now now() const override { return now_; }
  [[nodiscard]] store::QueueReader& store() override { return store_; }
  [[nodiscard]] store::StoreStats store_stats() const override { return store_stats_; }
  [[nodiscard]] MemQueueStore& queue_store() { return store_; }
  void settle() { executor_.run_ready(); }
  [[nodiscard]] hub::HubStatus status() const override { return status_; }
  [[nodiscard]] std::vector<hub::Unready> unready() const override { return unready_; }
  [[nodiscard]] std::vector<std::string> stuck_workers() const override { return stuck_; }
  // A user may see everything but topics that begin with "secret".
  [[nodiscard]] bool may_receive(const std::string&, std::string_view topic) override {
    return !topic.starts_with("secret");
  }
  // Refuses topics that begin with "secret" or "full"; repeats what has a key that it has seen.
  void publish(hub::PublishRequest request, OnPublished done) override {
    if (request.topic.starts_with("secret")) return done({403, 0, false, "may not"});
    if (request.topic.starts_with("full")) return done({429, 0, false, "no room"});
    published_.push_back(std::move(request));
    done({200, published_.size(), published_.back().idempotency_key == "seen", {}});
  }
  void when_durable(store::Seq, std::function<void(bool)> done) override {
    settle();
    done(durable_);
  }
  void later(std::function<void()> work) override { later_.push_back(std::move(work)); }
  void after(int64_t ms, std::function<void()> work) override {
    waited_ms_ += ms;
    later_.push_back(std::move(work));
  }
  int64_t waited_ms_ = 0;
  void elsewhere(MakeText make, OnText done) override { done(make()); }
  void run_later() {
    while (!later_.empty()) {
      const auto work = std::move(later_.front());
      later_.erase(later_.begin());
      work();
    }
  }
  // Topics of which messages were published to the tails.
  void find_topics(hub::TopicQuery query, RenderTopics render, OnTopics done) override {
    hub::TopicList list(query.depth, query.with_values);
    (void)topics_.walk(0, SIZE_MAX, [&](const hub::TopicEntry& entry) {
      if (core::topic_matches(query.filter, entry.topic) &&
          (query.user.empty() || may_receive(query.user, entry.topic)))
        list.add(entry, now_.hub_ms);
    });
    hub::KnownTopics known = list.take();
    known.forgotten = topics_.forgotten();
    done(render(known));
  }
  hub::TopicTable topics_;
  std::vector<hub::PublishRequest> published_;
  std::vector<std::function<void()>> later_;
  bool durable_ = true;  // for when_durable()
  std::vector<hub::Unready> unready_;
  std::vector<std::string> stuck_;
  [[nodiscard]] std::optional<upstream::UpstreamReport> upstream() const override { return upstream_; }
  void set_upstream(upstream::UpstreamReport report) { upstream_ = std::move(report); }
  // The time and the store's totals as they are, the others as in `numbers_`.
  [[nodiscard]] hub::Readings status_readings() const override;
  void scrape_metrics(OnScraped done) override { done("headgate_up 1\n"); }
  [[nodiscard]] std::vector<hub::ClientInfo> clients() const override { return clients_; }
  [[nodiscard]] std::vector<hub::EdgeIdentityInfo> identities() const override { return identities_; }
  std::vector<hub::EdgeIdentityInfo> identities_;
  [[nodiscard]] hub::QueueReaders queue_readers() const override { return readers_; }
  [[nodiscard]] std::vector<hub::RouteInfo> routes() const override { return routes_; }
  [[nodiscard]] std::string routes_in_force() const override { return R"({"routes":{}})"; }
  [[nodiscard]] std::string route_records() const override { return R"({"routes":{},"tables":{}})"; }
  [[nodiscard]] std::vector<hub::LookupInfo> lookups() const override { return lookups_; }
  // Rows of one table, `limits`.
  [[nodiscard]] core::Result<hub::LookupRows> lookup_rows(const std::string& table, const std::string& after,
                                                          size_t count) const override {
    if (table != "limits") return core::fail(core::Errc::not_found, "there is no table \"" + table + "\"");
    hub::LookupRows rows;
    for (const auto& row : rows_)
      if (row.first > after && rows.size() < count) rows.push_back(row);
    return rows;
  }

  // Windows of one route, `hourly`.
  [[nodiscard]] core::Result<hub::RouteWindows> open_windows(const std::string& route,
                                                             size_t count) const override {
    if (route != "hourly") return core::fail(core::Errc::not_found, "there is no route \"" + route + "\"");
    hub::RouteWindows windows = windows_;
    if (windows.shown.size() > count) windows.shown.resize(count);
    return windows;
  }
  hub::RouteWindows windows_;

  [[nodiscard]] const hub::Recorder& recorder() const override { return recorder_; }
  [[nodiscard]] std::vector<hub::RouteVerdict> judge(const core::Message& message,
                                                     bool has_whole_body) const override {
    return judge_ ? judge_(message, has_whole_body) : std::vector<hub::RouteVerdict>();
  }
  [[nodiscard]] hub::LogEvents events(const hub::EventFilter& filter) const override {
    return events_.find(filter);
  }
  void replay(hub::RecordedRun request, OnReplayed done) override {
    replayed_ = std::move(request);
    done(replay_);
  }
  void test_routes(hub::RouteTrial request, OnTried done) override {
    trial_ = std::move(request);
    done(trial_answer_);
  }
  hub::Recorder recorder_;
  std::function<std::vector<hub::RouteVerdict>(const core::Message&, bool)> judge_;
  hub::EventRing events_;
  hub::RecordedRun replayed_;
  hub::RouteTrial trial_;
  core::Result<std::string> trial_answer_ = std::string("{}");
  core::Result<hub::RecordedMatches> replay_ = hub::RecordedMatches();

  void reload(OnReloaded done) override {
    ++reloads_;
    hub::ReloadReport report;
    report.active = 2;
    report.kept = {"route 'a' stays as it was"};
    report.left_out = {"r.json: routes.bad: is 7"};
    done(report);
  }

  void plan_config(hub::ConfigPlanRequest request, OnPlanned done) override {
    if (request.text.empty()) return done(core::fail(core::Errc::invalid, "the hub runs without a file"));
    done(R"({"ok":true,"text":)" + request.text + "}");
  }
  void apply_config(hub::ConfigApplyRequest request, OnPlanned done) override {
    done(R"({"applied":true,"fingerprint":")" + request.fingerprint + R"(","restart":)" +
         (request.restart ? "true" : "false") + R"(,"confirm_within_s":)" +
         std::to_string(request.confirm_within_s) + "}");
  }
  void confirm_config(OnPlanned done) override { done(std::string(R"({"applied":true})")); }

  [[nodiscard]] core::Result<std::string> remote_status() const override {
    if (!takes_documents) return core::fail(core::Errc::unavailable, "no documents are taken");
    return std::string(R"({"state":"none"})");
  }
  void apply_remote(std::string envelope, bool force, OnRemote done) override {
    if (envelope == "wrong") return done(core::fail(core::Errc::invalid, "the signature is wrong"));
    done(std::string(R"({"state":")") + (force ? "forced" : "confirmed") + "\"}");
  }
  void forget_remote(OnRemote done) override { done(std::string(R"({"state":"none"})")); }
  bool takes_documents = true;

  // Done as it is asked for, but for a hub without a directory.
  void apply_routes(hub::ApplyRequest request, OnApplied done) override {
    if (request.name == "nowhere.json")
      return done(core::fail(core::Errc::invalid, "there is no routes_dir"));
    hub::ApplyReport report;
    report.file = "/routes/" + request.name;
    report.written = !request.dry_run;
    report.active = 1;
    report.routes = {{"hourly", report.file, "changed", "drains", ""}};
    applied_.push_back(std::move(request));
    done(report);
  }

  core::Result<size_t> try_routes(const routing::RouteFile& routes) override {
    if (!routes.errors.empty()) return core::fail(core::Errc::invalid, routes.errors[0].what);
    tried_ = routes.entries.size();
    return tried_;
  }

  [[nodiscard]] hub::LogLevels log_levels() const override { return log_levels_; }
  [[nodiscard]] hub::LogLevels configured_log_levels() const override { return {}; }
  void use_log_levels(const hub::LogLevels& levels) override { log_levels_ = levels; }
  hub::LogLevels log_levels_;

  [[nodiscard]] core::Result<hub::ClientRights> client_rights(const std::string& client_id) const override {
    if (client_id == "nobody") return core::fail(core::Errc::not_found, "there is no client \"nobody\"");
    return client_rights_;
  }
  hub::ClientRights client_rights_;
  core::Status kick_client(const std::string& client_id) override {
    if (client_id == "nobody") return core::fail(core::Errc::not_found, "there is no client \"nobody\"");
    ended_.push_back("kick " + client_id);
    return {};
  }
  core::Result<hub::RemovedSession> remove_session(const std::string& client_id) override {
    if (client_id == "nobody") return core::fail(core::Errc::not_found, "there is no session \"nobody\"");
    ended_.push_back("remove " + client_id);
    return hub::RemovedSession{true, 7, 1536};
  }

  [[nodiscard]] hub::EdgeVerbs& edge() override { return edge_; }
  CannedEdgeVerbs edge_;

  // Waits for finish_backup().
  void back_up_store(const std::string& dir, store::DurableStore::OnBackedUp done) override {
    backup_dir_ = dir;
    backup_done_ = std::move(done);
  }
  void finish_backup(const core::Result<store::BackupReport>& report) {
    std::exchange(backup_done_, {})(report);
  }
  [[nodiscard]] const std::string& backup_dir() const { return backup_dir_; }

  [[nodiscard]] std::unique_ptr<hub::Subscription> subscribe_tail(std::string filter,
                                                                  OnMessage on_message) override {
    const int id = ++last_id_;
    tails_[id] = {std::move(filter), std::move(on_message)};
    return std::make_unique<Ended>([this, id] { tails_.erase(id); });
  }

  [[nodiscard]] std::unique_ptr<hub::Subscription> subscribe_queue(store::QueueId queue,
                                                                   OnEntry on_entry) override {
    const int id = ++last_id_;
    queue_tails_[id] = {queue, std::move(on_entry)};
    return std::make_unique<Ended>([this, id] { queue_tails_.erase(id); });
  }

  static core::MessagePtr message(std::string topic, std::string body) {
    core::Message made;
    made.topic = std::move(topic);
    made.body = std::move(body);
    made.arrived_ms = 1'700'000'000'123;
    made.arrived_hub_ms = made.arrived_ms;
    made.qos = 1;
    made.source = std::make_shared<core::Source>(core::Source{"pump-1", "", "pump"});
    return std::make_shared<core::Message>(std::move(made));
  }

  // As if a client had published it.
  void publish(const core::MessagePtr& message) {
    topics_.note(*message);
    for (const auto& [id, tail] : tails_) {
      if (core::topic_matches(tail.first, message->topic)) tail.second(message);
    }
  }

  // Appends durably and tells whoever follows the queue.
  store::Seq append(std::string_view queue_name, const core::MessagePtr& message, uint8_t lane) {
    const store::QueueId queue = *store_.open_queue(queue_name, store::attributes_by_name(queue_name));
    const std::vector<store::Target> targets = {{queue, lane, 0, ""}};
    const store::Seq seq = *store_.append(message, targets);
    executor_.run_ready();
    for (const auto& [id, tail] : queue_tails_) {
      if (tail.first == queue) tail.second({seq, message, 0, ""}, lane);
    }
    return seq;
  }

  // Every answer a store can give, as one text, to show that looking changed nothing.
  [[nodiscard]] std::string everything();

  [[nodiscard]] size_t tails() const { return tails_.size() + queue_tails_.size(); }
  [[nodiscard]] int reloads() const { return reloads_; }

  core::Now now_{1'000, 1'700'000'060'000};
  std::optional<upstream::UpstreamReport> upstream_;
  hub::HubStatus status_;
  Numbers numbers_;
  store::StoreStats store_stats_;
  std::vector<hub::ClientInfo> clients_;
  hub::QueueReaders readers_;
  std::vector<hub::RouteInfo> routes_;
  std::vector<hub::ApplyRequest> applied_;
  size_t tried_ = 0;  // routes, as shadows
  hub::LookupRows rows_;
  std::vector<hub::LookupInfo> lookups_;
  std::vector<std::string> ended_;  // connections and sessions that were asked to end

 private:
  class Ended : public hub::Subscription {
   public:
    explicit Ended(std::function<void()> on_end) : on_end_(std::move(on_end)) {}
    ~Ended() override { on_end_(); }

   private:
    std::function<void()> on_end_;
  };

  ManualExecutor executor_;
  MemQueueStore store_{executor_};
  std::map<int, std::pair<std::string, OnMessage>> tails_;
  std::map<int, std::pair<store::QueueId, OnEntry>> queue_tails_;
  std::string backup_dir_;
  store::DurableStore::OnBackedUp backup_done_;
  int last_id_ = 0;
  int reloads_ = 0;
};

inline hub::Readings CannedHubView::status_readings() const {
  const hub::QueueTotals totals = hub::queue_totals(store_);
  Numbers numbers = numbers_;
  numbers["headgate_uptime_seconds"] = {
      {"", static_cast<uint64_t>((now_.wall_ms - status_.started_ms) / 1000)}};
  numbers["headgate_queues"] = {{"", totals.queues}};
  numbers["headgate_queues_waiting_messages"] = {{"", totals.waiting}};
  numbers["headgate_queues_waiting_bytes"] = {{"", totals.waiting_bytes}};
  numbers["headgate_queues_dead_messages"] = {{"", totals.dead}};
  return canned_readings(numbers, hub::is_in_status);
}

inline std::string CannedHubView::everything() {
  std::string all;
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& stats = store_.stats(queue);
    all += stats.name;
    for (const uint64_t count : {stats.in, stats.delivered, stats.expired, stats.dropped, stats.dead}) {
      all += " " + std::to_string(count);
    }
    for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
      const auto entries = store_.read(queue, lane, 0, {}, now_);
      for (const store::Entry& entry : *entries) all += " " + std::to_string(entry.seq) + entry.message->body;
    }
  }
  return all + " commits " + std::to_string(store_.commits()) + (store_.commit_pending() ? " pending" : "");
}

}  // namespace headgate::testing
