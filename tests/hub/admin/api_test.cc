#include "hub/admin/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/dead_letter.h"
#include "store/report/history.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::json;
using testing::CannedHubView;

class AdminApiTest : public ::testing::Test {
 protected:
  AdminApiTest() {
    hub_.append("$upstream", CannedHubView::message("plant/1", "one"), 10);
    hub_.append("$upstream", CannedHubView::message("plant/2", "two"), 0);
    hub_.append("in/a b", CannedHubView::message("plant/3", std::string("\xff\x00", 2)), 10);
  }

  AdminResponse ask(const std::string& method, const std::string& target, const std::string& body = "") {
    const AdminReply reply = api_.handle({method, target, body});
    if (const auto* const response = std::get_if<AdminResponse>(&reply)) return *response;
    AdminResponse answered{0, "a stream"};
    if (const auto* const later = std::get_if<AdminLater>(&reply)) {
      later->start([&answered](AdminResponse response) { answered = std::move(response); });
      hub_.run_later();
    }
    return answered;
  }
  Json get(const std::string& target) {
    const AdminResponse response = ask("GET", target);
    EXPECT_EQ(response.status, 200u) << response.body;
    return Json::parse(response.body);
  }
  std::string error(const std::string& method, const std::string& target) {
    const AdminResponse response = ask(method, target);
    return std::to_string(response.status) + " " + Json::parse(response.body).value("error", "no error");
  }
  // Opens a stream whose lines go to lines_.
  void follow(const std::string& target) {
    AdminReply reply = api_.handle({"GET", target, ""});
    ASSERT_TRUE(std::holds_alternative<AdminStream>(reply)) << std::get<AdminResponse>(reply).body;
    subscription_ = std::get<AdminStream>(reply).open([this](std::string line) { lines_.push_back(line); });
  }

  CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
  std::unique_ptr<Subscription> subscription_;
  std::vector<std::string> lines_;
};

testing::Numbers everything_counted() {
  testing::Numbers numbers;
  const std::pair<const char*, uint64_t> plain[] = {
      {"headgate_clock_unsynced", 1},
      {"headgate_connections", 1},
      {"headgate_sessions", 2},
      {"headgate_messages_taken_total", 3},
      {"headgate_publish_packets_sent_total", 4},
      {"headgate_connects_denied_total", 5},
      {"headgate_publishes_denied_total", 6},
      {"headgate_subscribes_denied_total", 7},
      {"headgate_receives_denied_total", 8},
      {"headgate_publishes_stored_total", 9},
      {"headgate_publishes_not_retained_total", 33},
      {"headgate_publishes_refused_total", 10},
      {"headgate_publishes_held_total", 11},
      {"headgate_publishes_dropped_total", 12},
      {"headgate_clients_waiting", 31},
      {"headgate_clients_paused", 13},
      {"headgate_publishes_held_bytes", 32},
      {"headgate_connections_accepted_total", 14},
      {"headgate_clients_connected_peak", 15},
      {"headgate_clients_buffered_bytes", 34},
      {"headgate_clients_buffered_max_bytes", 35},
      {"headgate_log_lines_dropped_total", 36},
      {"headgate_log_lines_left_out_total", 37},
      {"headgate_routes_active", 22},
      {"headgate_routes_failed", 23},
      {"headgate_upstream_batches_acked_total", 25},
      {"headgate_upstream_messages_acked_total", 26},
      {"headgate_upstream_acked_bytes_total", 27},
      {"headgate_upstream_batches_in_flight", 28},
      {"headgate_queues_messages_expired_total", 33},
      {"headgate_queues_messages_dropped_total", 34},
      {"headgate_routes_undefined_total", 35},
      {"headgate_routes_unreadable_total", 36},
      {"headgate_dead_letters", 37},
      {"headgate_upstream_batches_unheard_total", 29},
      {"headgate_upstream_batches_returned_total", 30},
      {"headgate_upstream_batches_repeated_total", 38},
      {"headgate_upstream_batches_abandoned_total", 39},
      {"headgate_queues_max_bytes", 101},
      {"headgate_disk_free_bytes", 102},
      {"headgate_disk_size_bytes", 103},
      {"headgate_disk_min_free_bytes", 104},
      {"headgate_disk_reserve_bytes", 105},
      {"headgate_store_memory_bytes", 150},
      {"headgate_store_memory_max_bytes", 8600},
  };
  for (const auto& [name, value] : plain) numbers[name] = {{"", value}};
  numbers["headgate_clients_closed_total"] = {{"slow_reader", 16}};
  numbers["headgate_connections_refused_total"] = {{"listener_full", 18}, {"not_authorized", 17}};
  numbers["headgate_messages_dropped_total"] = {
      {"denied", 21}, {"offline", 19}, {"queue_full", 20}, {"slow_reader", 0}};
  numbers["headgate_store_memory_part_bytes"] = {
      {"cache", 10}, {"memtables", 20}, {"tail", 30}, {"index", 50}, {"in_flight", 40}};
  numbers["headgate_store_memory_part_max_bytes"] = {
      {"cache", 4'000}, {"memtables", 3'000}, {"tail", 1'000}, {"index", 600}, {"in_flight", 3'000}};
  return numbers;
}

TEST_F(AdminApiTest, MetricsAreTextOfPrometheusAndHaveNoVersionInTheirPath) {
  AdminReply reply = api_.handle({"GET", "/metrics", ""});
  AdminResponse answer;
  std::get<AdminLater>(reply).start([&answer](AdminResponse response) { answer = std::move(response); });
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body, "headgate_up 1\n");
  EXPECT_EQ(ask("GET", "/v1/metrics").status, 404u);
  EXPECT_EQ(ask("POST", "/metrics").status, 405u);
  EXPECT_EQ(ask("GET", "/status").status, 404u);
}

TEST_F(AdminApiTest, StatusSumsUpTheStore) {
  hub_.status_.hub_id = "site-7";
  hub_.status_.started_ms = hub_.now_.wall_ms - 90'500;
  hub_.status_.upstream.state = "waiting";
  hub_.status_.upstream.port = 8883;
  hub_.numbers_["headgate_clients_closed_total"] = {{"slow_reader", 3}};
  hub_.numbers_["headgate_publishes_denied_total"] = {{"", 4}};
  const Json status = get("/v1/status");
  EXPECT_EQ(status["hub_id"], "site-7");
  EXPECT_EQ(status["uptime_s"], 90);
  EXPECT_EQ(status["store"]["queues"], 2);
  EXPECT_EQ(status["store"]["waiting"], 3);
  EXPECT_EQ(status["store"]["error"], "");
  EXPECT_EQ(status["upstream"]["state"], "waiting");
  EXPECT_EQ(status["upstream"]["port"], 8883);
  EXPECT_EQ(status["clients"]["closed"]["slow_reader"], 3);
  EXPECT_EQ(status["clients"]["refused"], Json::object());
  EXPECT_EQ(status["denied"]["publish"], 4);
}

TEST_F(AdminApiTest, StatusShowsItsKeysInTheOrderOfTheDocuments) {
  HubStatus& status = hub_.status_;
  status.version = "1.2.3";
  status.hub_id = "site-7";
  status.epoch = "E";
  status.data_dir = "/d";
  status.durability = "sync";
  status.started_ms = hub_.now_.wall_ms - 90'500;
  status.listeners = {"127.0.0.1:1883"};
  status.store_error = "disk gone";
  status.disk_stopped = store::RoomFor::publishers;
  status.waiting = {{"pump-1", 64, 7000, true}};
  status.store_error_since_ms = 81;
  status.disk_low_since_ms = 82;
  status.disk_resume_bytes = 83;
  status.last_ms = {{"clients/refused/not_authorized", 84}, {"publishes/refused", 85}};
  status.upstream = {"waiting", "cloud", 8883, "refused", 24, 86, 87, 88, "up/site-7", 77};
  hub_.numbers_ = everything_counted();
  EXPECT_EQ(
      ask("GET", "/v1/status").body,
      R"({"version":"1.2.3","hub_id":"site-7","epoch":"E","data_dir":"/d","durability":"sync",)"
      R"("started_ms":1699999969500,"uptime_s":90,"clock_unsynced":1,"listeners":["127.0.0.1:1883"],"connections":1,)"
      R"("sessions":2,"messages_in":3,"messages_out":4,"denied":{"publish":6,"subscribe":7,"receive":8,)"
      R"("connect":5},"publishes":{"stored":9,"not_retained":33,"refused":10,"held":11,"held_bytes":32,"dropped":12},)"
      R"("clients":{"buffered_bytes":34,"buffered_bytes_max":35,"maximum":15,"waiting":31,"paused":13,)"
      R"("accepted":14,"refused":{"listener_full":18,)"
      R"("not_authorized":17},"closed":{"slow_reader":16}},)"
      R"("waiting_clients":[{"client_id":"pump-1","publishes":64,"bytes":7000,"paused":true}],)"
      R"("dropped":{"denied":21,"offline":19,)"
      R"("queue_full":20},"lost":{"expired":33,"dropped":34},)"
      R"("routes":{"active":22,"kept":0,"failed":23,"shadow":0,"undefined":35,"unreadable":36,)"
      R"("unchecked":0},"reload":{"at_ms":0,"active":0,)"
      R"("took":[],"kept":[],"left_out":[],"needs_restart":[]},"store":{"queues":2,"waiting":3,)"
      R"("waiting_bytes":29,"dead":0,"dead_letters":37,"bytes_max":101,"error":"disk gone",)"
      R"("error_since_ms":81,"damage":null,)"
      R"("memory":{"bytes":150,"bytes_max":8600,"cache":{"bytes":10,"bytes_max":4000},)"
      R"("memtables":{"bytes":20,"bytes_max":3000},"tail":{"bytes":30,"bytes_max":1000},)"
      R"("index":{"bytes":50,"bytes_max":600},"in_flight":{"bytes":40,"bytes_max":3000}},)"
      R"("disk":{"free_bytes":102,"total_bytes":103,"min_free_bytes":104,"reserve_bytes":105,)"
      R"("low":true,"stopped":"publishers","low_since_ms":82,"resume_bytes":83}},)"
      R"("upstream":{"state":"waiting","host":"cloud","port":8883,"last_error":"refused",)"
      R"("last_error_ms":87,"retry_in_ms":24,"since_ms":86,"down_since_ms":88,)"
      R"("unheard_topic":"up/site-7","unheard_since_ms":77,)"
      R"("batches_acked":25,"messages_acked":26,"bytes_acked":27,"batches_unheard":29,"batches_returned":30,)"
      R"("batches_repeated":38,"batches_abandoned":39,)"
      R"("batches_held":0,"batches_sent_again":0,"acknowledgements":0,"acknowledgements_ignored":0,)"
      R"("batches_refused_by_consumer":0,"messages_refused_by_consumer":0,)"
      R"("batches_in_flight":28},"log":{"dropped":36,"left_out":37},)"
      R"("lookup":{"rows":0,"bytes":0,"refused":0},"thinning":{"active":0,"short_of_room":0,"folded":0,"rows":0,"diluted":0},"history":{"messages":0,"bytes":0,"oldest_age_s":0,"left_out":0},)"
      R"("now_ms":1700000060000,)"
      R"("last_ms":{"clients":{"refused":{"not_authorized":84}},"publishes":{"refused":85}}})");
}

upstream::UpstreamReport one_link() {
  upstream::UpstreamReport report;
  upstream::LinkReport& link = report.links.emplace_back();
  link.named.name = "lte";
  link.named.connection.host = "cloud";
  link.named.terms.rate_bytes_per_s = 1;
  link.status.state = upstream::CarrierState::up;
  link.status.batches = 4;
  link.status.payload_bytes = 30;
  link.status.json_bytes = 600;
  link.counts = {3000, 2000, 1000};
  upstream::QueueReport& queue = report.queues.emplace_back();
  queue.queue = "$upstream";
  queue.link = "lte";
  queue.status.payload_bytes = 10;
  queue.status.json_bytes = 100;
  return report;
}

TEST_F(AdminApiTest, UpstreamShowsLinksAndTheirQueues) {
  EXPECT_EQ(get("/v1/upstream")["links"], Json::array());
  hub_.set_upstream(one_link());
  const Json answer = get("/v1/upstream");
  EXPECT_EQ(answer["links"][0]["name"], "lte");
  EXPECT_EQ(answer["links"][0]["state"], "connected");
  EXPECT_EQ(answer["links"][0]["day_bytes"], 2000);
  EXPECT_EQ(answer["links"][0]["batches"], 4);
  EXPECT_EQ(answer["links"][0]["payload_bytes"], 30);
  EXPECT_EQ(answer["links"][0]["json_bytes"], 600);
  EXPECT_EQ(answer["queues"][0]["name"], "$upstream");
  EXPECT_EQ(answer["queues"][0]["link"], "lte");
  EXPECT_EQ(answer["queues"][0]["waiting"], 2);
}

TEST_F(AdminApiTest, UpstreamForecastReckonsByTheRatioAndTheRate) {
  hub_.set_upstream(one_link());
  const Json answer = get("/v1/upstream/forecast");
  const uint64_t bytes = get("/v1/upstream")["queues"][0]["waiting_bytes"].get<uint64_t>();
  const uint64_t wire_bytes = answer["links"][0]["wire_bytes"].get<uint64_t>();
  EXPECT_EQ(wire_bytes, static_cast<uint64_t>(static_cast<double>(bytes) * 0.1 * 1.06));
  EXPECT_EQ(answer["links"][0]["gone_ms"].get<int64_t>(),
            hub_.now_.wall_ms + static_cast<int64_t>(wire_bytes) * 1000);
  EXPECT_EQ(answer["first_to_expire"], nullptr);
}

TEST_F(AdminApiTest, UpstreamForecastNamesWhatEndsByTheAgeThatItsQueueAllows) {
  hub_.set_upstream(one_link());
  const int64_t arrived_ms = CannedHubView::message("plant/1", "one")->arrived_hub_ms;
  auto& store = hub_.queue_store();
  store.set_policy(*store.find_queue("$upstream"), {.age_max_ms = hub_.now_.hub_ms - arrived_ms + 5000});
  const Json first = get("/v1/upstream/forecast")["first_to_expire"];
  EXPECT_EQ(first["queue"], "$upstream");
  EXPECT_EQ(first["expires_ms"].get<int64_t>(), hub_.now_.wall_ms + 5000);
}

TEST_F(AdminApiTest, QueuesShowTheirAccounts) {
  const Json queues = get("/v1/queues")["queues"];
  ASSERT_EQ(queues.size(), 2u);
  const Json& up = queues[0];
  EXPECT_EQ(up["name"], "$upstream");
  EXPECT_EQ(up["in"], 2);
  EXPECT_EQ(up["waiting"], 2);
  EXPECT_EQ(up["oldest_ms"], 1'700'000'000'123);
  ASSERT_EQ(up["lanes"].size(), 2u);
  EXPECT_EQ(up["lanes"][0]["priority"], 0);
  EXPECT_EQ(up["lanes"][1]["priority"], nullptr);
  EXPECT_EQ(up["lanes"][1]["lane"], 10);
}

TEST_F(AdminApiTest, NamesArePercentEncoded) { EXPECT_EQ(get("/v1/queues/in%2Fa%20b")["name"], "in/a b"); }

TEST_F(AdminApiTest, PeekShowsTheBestPriorityFirstAndNoPayload) {
  const Json messages = get("/v1/queues/%24upstream/peek")["messages"];
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0],
            Json::parse(R"({"seq": 2, "lane": 0, "priority": 0, "expires_ms": 0, "topic": "plant/2",
    "qos": 1, "retain": false, "arrived_ms": 1700000000123, "body_bytes": 3, "client": "pump-1",
    "module": "pump"})"));
  EXPECT_EQ(messages[1]["topic"], "plant/1");
}

TEST_F(AdminApiTest, PeekTakesLaneAfterCountAndPayload) {
  EXPECT_EQ(get("/v1/queues/%24upstream/peek?lane=10&payload=1")["messages"][0]["payload"], "one");
  EXPECT_EQ(get("/v1/queues/%24upstream/peek?count=1")["messages"].size(), 1u);
  EXPECT_EQ(get("/v1/queues/%24upstream/peek?lane=10&after=1")["messages"].size(), 0u);
  EXPECT_EQ(get("/v1/queues/in%2Fa%20b/peek?payload=1")["messages"][0]["payload_base64"], "/wA=");
}

TEST_F(AdminApiTest, StatusAndStoreSayWhatMemoryTheStoreTakes) {
  hub_.numbers_["headgate_store_memory_part_bytes"] = {{"tail", 64}};
  hub_.numbers_["headgate_store_memory_part_max_bytes"] = {{"tail", 4'096}};
  hub_.store_stats_.memory.emplace().tail = {64, 4'096};
  hub_.store_stats_.wal_bytes = 7;
  EXPECT_EQ(get("/v1/status")["store"]["memory"]["tail"], Json::parse(R"({"bytes": 64, "bytes_max": 4096})"));
  EXPECT_EQ(get("/v1/store")["memory"]["bytes"], 64);
  EXPECT_EQ(get("/v1/store")["wal_bytes"], 7);
}

TEST_F(AdminApiTest, StoreBackupAnswersWhenItIsDone) {
  const AdminReply reply = api_.handle({"POST", "/v1/store/backup?dir=%2Fb%2Fmonday", ""});
  ASSERT_TRUE(std::holds_alternative<AdminLater>(reply));
  std::vector<AdminResponse> answers;
  std::get<AdminLater>(reply).start([&](const AdminResponse& response) { answers.push_back(response); });
  EXPECT_EQ(hub_.backup_dir(), "/b/monday");
  EXPECT_TRUE(answers.empty());
  hub_.finish_backup(store::BackupReport{"/b/monday", 3, 100, 60, 5});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].body, R"({"dir":"/b/monday","files":3,"bytes":100,"linked_bytes":60,"took_ms":5})");
}

TEST_F(AdminApiTest, StoreBackupSaysWhyItFailed) {
  EXPECT_EQ(error("POST", "/v1/store/backup"), "400 dir is missing; allowed: an absolute path");
  std::string answer;
  std::get<AdminLater>(api_.handle({"POST", "/v1/store/backup?dir=/b", ""}))
      .start([&](const AdminResponse& it) { answer = std::to_string(it.status) + " " + it.body; });
  hub_.finish_backup(core::fail(core::Errc::full, "backup to /b: no space"));
  EXPECT_EQ(answer, R"(503 {"error":"backup to /b: no space"})");
}

TEST_F(AdminApiTest, ClientsAndRoutesAreListed) {
  hub_.clients_.resize(1);
  hub_.clients_[0].client_id = "pump-1";
  hub_.routes_.resize(2);
  hub_.routes_[0].priority = uint8_t{3};
  hub_.routes_[0].source = "/messages/modules/press/outputs/raw";
  hub_.routes_[0].source_kind = "module";
  hub_.routes_[1].error = "1:1: error";
  EXPECT_EQ(get("/v1/clients")["clients"][0]["client_id"], "pump-1");
  const Json routes = get("/v1/routes")["routes"];
  EXPECT_EQ(routes[0]["priority"], 3);
  EXPECT_EQ(routes[1]["priority"], nullptr);
  EXPECT_EQ(routes[0]["source"], "/messages/modules/press/outputs/raw");
  EXPECT_EQ(routes[0]["source_kind"], "module");
  EXPECT_EQ(routes[1]["source"], nullptr);
  EXPECT_EQ(routes[1]["source_kind"], nullptr);
  EXPECT_EQ(routes[1]["error"], "1:1: error");
}

TEST_F(AdminApiTest, RoutesInForceAreARouteFile) {
  EXPECT_EQ(ask("GET", "/v1/routes/file").body, R"({"routes":{}})");
}

TEST_F(AdminApiTest, RoutesInForceHaveTheirRecords) {
  EXPECT_EQ(ask("GET", "/v1/routes/records").body, R"({"routes":{},"tables":{}})");
}

TEST_F(AdminApiTest, WindowsOfARouteAreListed) {
  routing::OpenWindow window;
  window.group = R"({"$body.m":"m7"})";
  window.start_ms = 60'000;
  window.end_ms = 120'000;
  window.closes_ms = hub_.now_.hub_ms;
  routing::OpenWindow memory;
  memory.function = "changed";
  memory.messages = 3;
  hub_.windows_ = {{window, memory}, 5};
  const Json answer = get("/v1/routes/hourly/windows");
  EXPECT_EQ(answer["route"], "hourly");
  EXPECT_EQ(answer["open"], 5);
  ASSERT_EQ(answer["windows"].size(), 2u);
  EXPECT_EQ(answer["windows"][0],
            Json::parse(
                R"({"group":{"$body.m":"m7"},"start_ms":60000,"end_ms":120000,"messages":null,"closes_ms":)" +
                std::to_string(hub_.now_.wall_ms) + "}"));
  EXPECT_EQ(
      answer["windows"][1],
      Json::parse(
          R"({"group":{},"function":"changed","start_ms":null,"end_ms":null,"messages":3,"closes_ms":null})"));
  EXPECT_EQ(get("/v1/routes/hourly/windows?count=1")["windows"].size(), 1u);
  EXPECT_EQ(error("GET", "/v1/routes/hourly/windows?count=0"), "400 count is \"0\"; allowed: 1 to 1000");
  EXPECT_EQ(error("GET", "/v1/routes/hourly/windows?count=1001"),
            "400 count is \"1001\"; allowed: 1 to 1000");
  EXPECT_EQ(error("GET", "/v1/routes/up/windows"), "404 there is no route \"up\"");
}

TEST_F(AdminApiTest, RowsOfTablesComeInPages) {
  hub_.rows_ = {{"a", R"({"max":1.50})"}, {"b \"c\"", "2"}, {"d", "3"}};
  EXPECT_EQ(ask("GET", "/v1/tables/limits/rows?count=2").body,
            R"({"rows":{"a":"{\"max\":1.50}","b \"c\"":"2"}})");
  EXPECT_EQ(ask("GET", "/v1/tables/limits/rows?after=b%20%22c%22").body, R"({"rows":{"d":"3"}})");
  EXPECT_EQ(ask("GET", "/v1/tables/limits/rows?after=d").body, R"({"rows":{}})");
  EXPECT_EQ(error("GET", "/v1/tables/other/rows"), "404 there is no table \"other\"");
  EXPECT_EQ(error("GET", "/v1/tables/limits/rows?count=0"), "400 count is \"0\"; allowed: 1 to 1000");
}

TEST_F(AdminApiTest, RoutesAreTriedAsShadows) {
  EXPECT_EQ(ask("POST", "/v1/routes/shadow", R"({"routes":{"a":"FROM 'a' INTO $upstream"}})").body,
            R"({"tried":1})");
  EXPECT_EQ(hub_.tried_, 1u);
  EXPECT_EQ(ask("POST", "/v1/routes/shadow", R"({"routes":{"a":7}})").status, 400u);
  EXPECT_EQ(hub_.tried_, 1u);
  hub_.routes_.resize(1);
  EXPECT_EQ(get("/v1/routes")["routes"][0]["shadow"], nullptr);
  hub_.routes_[0].counts.evaluated = 7;
  hub_.routes_[0].counts.results = 3;
  hub_.routes_[0].shadow = ShadowInfo{2, 99, "$upstream", "plant/1", "{}"};
  EXPECT_EQ(get("/v1/routes")["routes"][0]["shadow"],
            Json::parse(R"({"evaluated":7,"results":3,"missed":2,"last_ms":99,"last_to":"$upstream",)"
                        R"("last_topic":"plant/1","last_body":"{}"})"));
}

TEST_F(AdminApiTest, HistorySaysWhatIsKept) {
  EXPECT_EQ(error("GET", "/v1/history"), "404 the hub keeps no history");
  store::QueueStore& store = hub_.queue_store();
  ASSERT_TRUE(store.open_queue(store::kHistoryQueue, {store::QueueKind::history}));
  const store::KeyValue record{std::string(store::kHistoryKey), store::encode_history({{"plant/#"}, 77})};
  ASSERT_TRUE(store.put({&record, 1}));
  hub_.settle();
  const Json history = get("/v1/history");
  EXPECT_EQ(history["filters"], Json::array({"plant/#"}));
  EXPECT_EQ(history["since_ms"], 77);
  EXPECT_EQ(history["messages"], 0);
}

TEST_F(AdminApiTest, TablesAreListedBesideTheRoutes) {
  hub_.lookups_.resize(1);
  hub_.lookups_[0].name = "limits";
  hub_.lookups_[0].rows = 7;
  hub_.lookups_[0].fault = "limits.csv: cannot be read";
  const Json tables = get("/v1/routes")["tables"];
  EXPECT_EQ(tables[0]["name"], "limits");
  EXPECT_EQ(tables[0]["rows"], 7);
  EXPECT_EQ(tables[0]["error"], "limits.csv: cannot be read");
}

TEST_F(AdminApiTest, RoutesCheckCompilesAndChangesNothing) {
  const AdminResponse response =
      ask("POST", "/v1/routes/check",
          R"({"routes": {"a": "FROM /messages/* INTO $upstream", "b": "FROM", "c": 7}})");
  const Json report = Json::parse(response.body);
  EXPECT_EQ(report["ok"], false);
  EXPECT_EQ(report["routes"][0]["ok"], true);
  EXPECT_EQ(report["routes"][1]["ok"], false);
  EXPECT_EQ(report["routes"][1]["diagnostics"][0]["line"], 1);
  EXPECT_EQ(report["errors"][0]["route"], "c");
  EXPECT_EQ(hub_.reloads(), 0);
}

TEST_F(AdminApiTest, SaysWhatAClientMayDoAndWhatItHasSubscribedTo) {
  hub_.client_rights_ = {
      "press", {{false, 6, "secret/#"}, {true, 1, "plant/<b>"}}, {{"plant/#", 1}, {"$share/g/x", 0}}};
  EXPECT_EQ(ask("GET", "/v1/clients/a%2Fb/rights").body,
            R"({"client_id":"a/b","module":"press","rules":[)"
            R"({"allow":false,"actions":["subscribe","receive"],"topic":"secret/#"},)"
            R"({"allow":true,"actions":["publish"],"topic":"plant/<b>"}],)"
            R"("subscriptions":[{"filter":"plant/#","qos":1},{"filter":"$share/g/x","qos":0}]})");
  EXPECT_EQ(error("GET", "/v1/clients/nobody/rights"), "404 there is no client \"nobody\"");
}

TEST_F(AdminApiTest, KicksAClientAndRemovesASessionByTheirWholeNames) {
  EXPECT_EQ(ask("POST", "/v1/clients/a%2Fb%20c/kick").body, R"({"client_id":"a/b c"})");
  EXPECT_EQ(ask("POST", "/v1/sessions/a%2Fb/remove").body,
            R"({"client_id":"a/b","was_connected":true,"messages":7,"bytes":1536})");
  EXPECT_EQ(hub_.ended_, (std::vector<std::string>{"kick a/b c", "remove a/b"}));
  EXPECT_EQ(error("POST", "/v1/clients/nobody/kick"), "404 there is no client \"nobody\"");
  EXPECT_EQ(error("POST", "/v1/sessions/nobody/remove"), "404 there is no session \"nobody\"");
  EXPECT_EQ(error("GET", "/v1/clients/a/kick"), "405 \"/v1/clients/a/kick\" takes POST only");
}

TEST_F(AdminApiTest, SetsLevelsOfTheLogByPartsOrOfAll) {
  const auto post = [this](const std::string& body) {
    return std::get<AdminResponse>(api_.handle({"POST", "/v1/log/levels", body}));
  };
  const auto level = [this](core::LogPart part) { return hub_.log_levels_.of(part); };
  EXPECT_EQ(post(R"({"*": "warn", "broker": "debug"})").status, 200u);
  EXPECT_EQ(level(core::LogPart::broker), core::LogLevel::debug);
  EXPECT_EQ(level(core::LogPart::store), core::LogLevel::warn);
  const Json levels = Json::parse(post(R"({"store": null})").body)["levels"];
  EXPECT_EQ(levels["broker"], Json({{"level", "debug"}, {"configured", "info"}}));
  EXPECT_EQ(levels["store"]["level"], "info");
  EXPECT_EQ(levels["http"]["level"], "warn");
  EXPECT_EQ(Json::parse(ask("GET", "/v1/log/levels").body)["levels"], levels);
}

TEST_F(AdminApiTest, RefusesLevelsAndPartsThatThereAreNotAndSetsNone) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"broker": "loud"})", "broker is \"loud\"; allowed: debug, info, warn, error, or null"},
      {R"({"store": "debug", "brokr": "debug"})",
       "\"brokr\" is no part of the hub; there are hub, broker, engine, routes, store, upstream, access, http, and "
       "\"*\" for all"},
      {"debug", "the body is no object of parts and levels, such as {\"broker\": \"debug\"}"},
      {"{}", "the body is no object of parts and levels, such as {\"broker\": \"debug\"}"}};
  for (const auto& [body, why] : table) {
    const auto refused = std::get<AdminResponse>(api_.handle({"POST", "/v1/log/levels", body}));
    EXPECT_EQ(refused.status, 400u);
    EXPECT_EQ(Json::parse(refused.body)["error"], why);
  }
  const std::string deep = R"({"broker":)" + std::string(60'000, '[') + std::string(60'000, ']') + "}";
  const auto refused = std::get<AdminResponse>(api_.handle({"POST", "/v1/log/levels", deep}));
  EXPECT_EQ(refused.status, 400u) << "it is not walked, which takes a stack of its depth";
  EXPECT_EQ(hub_.log_levels_, LogLevels());
  EXPECT_EQ(error("DELETE", "/v1/log/levels"), "405 \"/v1/log/levels\" takes GET or POST only");
}

TEST_F(AdminApiTest, ReloadReportsWhatWasKeptAndLeftOut) {
  const auto reply = api_.handle({"POST", "/v1/routes/reload", ""});
  AdminResponse got;
  std::get<AdminLater>(reply).start([&got](AdminResponse response) { got = std::move(response); });
  const Json report = Json::parse(got.body);
  EXPECT_EQ(report["active"], 2);
  EXPECT_EQ(report["kept"][0], "route 'a' stays as it was");
  EXPECT_EQ(report["left_out"][0], "r.json: routes.bad: is 7");
  EXPECT_EQ(hub_.reloads(), 1);
}

TEST_F(AdminApiTest, ApplyHandsTheFileToTheHubAndTellsWhatBecameOfItsRoutes) {
  const auto reply = api_.handle({"POST", "/v1/routes/apply?name=a.json&dry_run=1", "{}"});
  AdminResponse got;
  std::get<AdminLater>(reply).start([&got](AdminResponse response) { got = std::move(response); });
  EXPECT_EQ(got.body,
            R"({"file":"/routes/a.json","refused":false,"written":false,"active":1,"routes":[)"
            R"({"route":"hourly","file":"/routes/a.json","what":"changed","state":"drains","why":""}]})");
  ASSERT_EQ(hub_.applied_.size(), 1u);
  EXPECT_EQ(hub_.applied_[0].text, "{}");
  EXPECT_TRUE(hub_.applied_[0].dry_run);
  EXPECT_FALSE(hub_.applied_[0].force);
}

TEST_F(AdminApiTest, ApplyWantsANameAndRightParameters) {
  EXPECT_EQ(error("POST", "/v1/routes/apply"),
            "400 name is missing; allowed: the name of a file, such as plant.json");
  EXPECT_THAT(error("POST", "/v1/routes/apply?name=a.json&force=yes"), ::testing::HasSubstr("400 force"));
  EXPECT_THAT(error("GET", "/v1/routes/apply"), ::testing::HasSubstr("405"));
}

TEST_F(AdminApiTest, ShowsAppliesAndForgetsDocuments) {
  const auto later = [this](const std::string& target, const std::string& body = "") {
    AdminResponse got;
    std::get<AdminLater>(api_.handle({"POST", target, body})).start([&got](AdminResponse response) {
      got = std::move(response);
    });
    return std::to_string(got.status) + " " + got.body;
  };
  EXPECT_EQ(get("/v1/remote")["state"], "none");
  EXPECT_EQ(later("/v1/remote/apply", "{}"), R"(200 {"state":"confirmed"})");
  EXPECT_EQ(later("/v1/remote/apply?force=1", "{}"), R"(200 {"state":"forced"})");
  EXPECT_EQ(later("/v1/remote/apply", "wrong"), R"(400 {"error":"the signature is wrong"})");
  EXPECT_EQ(later("/v1/remote/forget"), R"(200 {"state":"none"})");
  EXPECT_THAT(error("POST", "/v1/remote/apply?force=yes"), ::testing::HasSubstr("400 force"));
  hub_.takes_documents = false;
  EXPECT_EQ(error("GET", "/v1/remote"), "503 no documents are taken");
}

class AdminDeadLetters : public AdminApiTest {
 protected:
  AdminDeadLetters() {
    (void)hub_.queue_store().open_queue(store::kDeadQueue, {store::QueueKind::dead});
    const store::QueueId upstream = *hub_.queue_store().find_queue("$upstream");
    const store::Death death{"upstream: 0x95", 9, 5, "first", 7, "last", 8};
    letter_ = hub_.queue_store().dead_letter(upstream, 0, 2, death);
    hub_.settle();
    hub_.routes_.resize(2);
    hub_.routes_[0].name = "up";
    hub_.routes_[0].endpoints = {"$upstream"};
    hub_.routes_[0].active = true;
    hub_.routes_[1].name = "to-display";
    hub_.routes_[1].endpoints = {"modules/d/inputs/i"};
    hub_.routes_[1].active = true;
  }
  std::string of_letter(const std::string& verb) { return "/v1/dlq/" + std::to_string(letter_) + verb; }

  store::Seq letter_ = 0;
};

TEST_F(AdminDeadLetters, AreListedWithoutPayload) {
  const Json list = get("/v1/dlq");
  ASSERT_EQ(list["dead_letters"].size(), 1u);
  EXPECT_EQ(list["next"], 0);
  EXPECT_EQ(list["dead_letters"][0], Json::parse(R"({"seq": 4, "died_ms": 9, "reason": "upstream: 0x95",
    "attempts": 5, "first_error": "first", "first_error_ms": 7, "last_error": "last", "last_error_ms": 8,
    "from": {"queue": "$upstream", "lane": 0, "priority": 0, "seq": 2, "expires_ms": 0}, "topic": "plant/2",
    "qos": 1, "retain": false, "arrived_ms": 1700000000123, "body_bytes": 3, "client": "pump-1",
    "module": "pump"})"));
  EXPECT_EQ(get("/v1/dlq?after=4")["dead_letters"].size(), 0u);
}

TEST_F(AdminDeadLetters, SayWhereToGoOn) {
  hub_.queue_store().dead_letter(*hub_.queue_store().find_queue("$upstream"), 10, 1, {});
  hub_.settle();
  EXPECT_EQ(get("/v1/dlq?count=1")["next"], letter_);
}

TEST_F(AdminDeadLetters, AreShownWithTheRoutesToTheirQueue) {
  const Json letter = get(of_letter("?payload=1"));
  EXPECT_EQ(letter["payload"], "two");
  EXPECT_EQ(letter["routes"], Json::parse(R"(["up"])"));
}

TEST_F(AdminDeadLetters, GoBackOneByOneOrAll) {
  const Json replayed = Json::parse(ask("POST", of_letter("/replay")).body);
  EXPECT_EQ(replayed, Json::parse(R"({"letter": 4, "queue": "$upstream", "lane": 0, "seq": 5})"));
  hub_.settle();
  EXPECT_EQ(get("/v1/queues/%24upstream/peek?lane=0")["messages"][0]["seq"], 5);
  EXPECT_EQ(ask("POST", "/v1/dlq/replay").body, R"({"replayed":[],"refused":[],"next":0})");
}

TEST_F(AdminDeadLetters, AreDropped) {
  EXPECT_EQ(ask("POST", of_letter("/purge")).body, R"({"purged":1})");
  hub_.settle();
  EXPECT_EQ(ask("POST", "/v1/dlq/purge").body, R"({"purged":0})");
  EXPECT_EQ(ask("POST", "/v1/queues/in%2Fa%20b/purge").body, R"({"queue":"in/a b","purged":1})");
}

TEST_F(AdminDeadLetters, SayWhatIsWrongWithARequest) {
  EXPECT_EQ(error("GET", "/v1/dlq/99"), "404 there is no dead letter 99");
  EXPECT_EQ(error("POST", "/v1/dlq/99/replay"), "404 there is no dead letter 99");
  EXPECT_EQ(error("GET", "/v1/dlq/4x"), "400 \"4x\" is not the seq of a dead letter: a whole number");
  EXPECT_EQ(error("POST", "/v1/dlq/-1/purge"), "400 \"-1\" is not the seq of a dead letter: a whole number");
  EXPECT_EQ(error("GET", "/v1/dlq?count=0"), "400 count is \"0\"; allowed: 1 to 1000");
  EXPECT_EQ(error("POST", "/v1/queues/nowhere/purge"), "404 there is no queue \"nowhere\"");
  EXPECT_EQ(error("GET", of_letter("/replay")).substr(0, 3), "405");
}

TEST_F(AdminDeadLetters, StayWhileTheStoreIsBroken) {
  hub_.queue_store().fail_next_commit({core::Errc::io, "disk gone"});
  (void)hub_.queue_store().put({});
  hub_.settle();
  EXPECT_EQ(error("POST", of_letter("/replay")).substr(0, 3), "503");
}

TEST_F(AdminApiTest, TailStreamsWhatMatchesUntilItIsDestroyed) {
  follow("/v1/tail?filter=plant%2F%2B&payload=1");
  hub_.publish(CannedHubView::message("plant/9", "hot"));
  hub_.publish(CannedHubView::message("other", "cold"));
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Json::parse(lines_[0])["payload"], "hot");
  subscription_.reset();
  EXPECT_EQ(hub_.tails(), 0u);
}

TEST_F(AdminApiTest, TailKeepsPayloadsBackUnlessAsked) {
  follow("/v1/tail");
  hub_.publish(CannedHubView::message("plant/9", "secret"));
  EXPECT_THAT(lines_.at(0), ::testing::Not(::testing::HasSubstr("secret")));
}

TEST_F(AdminApiTest, QueueTailStreamsWhatEntersThatQueue) {
  follow("/v1/queues/%24upstream/tail");
  hub_.append("$upstream", CannedHubView::message("plant/9", "hot"), 4);
  hub_.append("in/a b", CannedHubView::message("plant/9", "hot"), 4);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Json::parse(lines_[0])["priority"], 4);
}

TEST_F(AdminApiTest, ErrorsSayWhatIsWrong) {
  const std::vector<std::array<std::string, 3>> table = {
      {"GET", "/", "404 there is nothing at \"/\""},
      {"GET", "/v2/status", "404 there is nothing at \"/v2/status\""},
      {"GET", "status", "400 \"status\" is not a path"},
      {"GET", "/v1/%zz", "400 \"/v1/%zz\" is not a path"},
      {"POST", "/v1/status", "405 \"/v1/status\" takes GET only"},
      {"GET", "/v1/routes/check", "405 \"/v1/routes/check\" takes POST only"},
      {"GET", "/v1/status?x=1", "400 unknown parameter \"x\""},
      {"GET", "/v1/queues/none", "404 there is no queue \"none\""},
      {"GET", "/v1/queues/none/peek", "404 there is no queue \"none\""},
      {"GET", "/v1/queues/none/tail", "404 there is no queue \"none\""},
      {"GET", "/v1/queues/%24upstream/peek?lane=11",
       "400 lane is \"11\"; allowed: 0 to 9 for a priority, 10 for messages without one"},
      {"GET", "/v1/queues/%24upstream/peek?count=0", "400 count is \"0\"; allowed: 1 to 1000"},
      {"GET", "/v1/queues/%24upstream/peek?count=1001", "400 count is \"1001\"; allowed: 1 to 1000"},
      {"GET", "/v1/queues/%24upstream/peek?after=-1", "400 after is \"-1\"; allowed: a message's seq"},
      {"GET", "/v1/tail?payload=yes", "400 payload is \"yes\"; allowed: 0 or 1"},
      {"GET", "/v1/tail?filter=a%2F%23%2Fb",
       "400 filter is \"a/#/b\"; allowed: an MQTT topic filter such as plant/+/temperature or #"},
  };
  for (const auto& [method, target, expected] : table) EXPECT_EQ(error(method, target), expected) << target;
}

TEST_F(AdminApiTest, LookingChangesNothing) {
  const std::string before = hub_.everything();
  for (const char* target :
       {"/v1/status", "/v1/queues", "/v1/queues/%24upstream", "/v1/queues/%24upstream/peek?payload=1",
        "/v1/clients", "/v1/routes", "/v1/routes/file", "/v1/routes/records", "/v1/tables/limits/rows"}) {
    EXPECT_EQ(ask("GET", target).status, 200u) << target;
  }
  for (const char* target : {"/v1/tail", "/v1/queues/%24upstream/tail"}) {
    follow(target);
    subscription_.reset();
  }
  EXPECT_EQ(ask("POST", "/v1/routes/check", "{}").status, 200u);
  EXPECT_EQ(hub_.everything(), before);
  EXPECT_EQ(hub_.reloads(), 0);
}

}  // namespace
}  // namespace headgate::hub
