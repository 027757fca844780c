// `headgate route replay`: over the admin socket, and on the directory of a stopped hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "routing/files/route_record.h"
#include "store/format/varint.h"
#include "store/report/history.h"
#include "tests/support/canned_admin_client.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kBeginMs = 1'700'000'040'000;  // 22:14:00, when a minute begins

class RouteReplay : public ::testing::Test {
 protected:
  RouteReplay() {
    hub_.answers_["/v1/history"] = history(3);
    in_force(R"json({"routes": {"hot": "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream"}})json");
    pages({message(7, 0, "plant/1", R"({\"c\":81})"), message(9, 30'000, "plant/1", R"({\"c\":70})"),
           message(12, 61'000, "plant/2", R"({\"c\":90})")});
  }

  // Routes and tables of a hub, in the words of a route file.
  void in_force(const std::string& text, std::vector<routing::SchemaText> schemas = {}) {
    routing::RouteFile file = routing::parse_route_file(text, "/routes/hub.json");
    ASSERT_TRUE(file.errors.empty()) << file.errors[0].what;
    for (auto& entry : file.entries) entry.schemas = schemas;
    hub_.answers_["/v1/routes/records"] = routing::records_text(file.entries, file.tables);
  }
  static std::string history(int messages, const std::string& filter = "plant/#",
                             int64_t since_ms = kBeginMs) {
    return R"({"queue":"$history","filters":[")" + filter + R"("],"since_ms":)" + std::to_string(since_ms) +
           R"(,"messages":)" + std::to_string(messages) + R"(,"bytes":1,"bytes_max":1,"oldest_ms":1})";
  }
  static std::string message(int seq, int64_t after_ms, const std::string& topic, const std::string& body) {
    return R"({"seq":)" + std::to_string(seq) + R"(,"lane":10,"topic":")" + topic +
           R"(","qos":1,"arrived_ms":)" + std::to_string(kBeginMs + after_ms) + R"(,"payload":")" + body +
           "\"}";
  }
  static std::string target(int after) {
    return "/v1/queues/%24history/peek?count=100&lane=10&after=" + std::to_string(after) + "&payload=1";
  }
  // Two pages, and the empty one behind them.
  void pages(const std::vector<std::string>& messages) {
    hub_.answers_[target(0)] = R"({"messages":[)" + messages[0] + "," + messages[1] + "]}";
    hub_.answers_[target(9)] = R"({"messages":[)" + messages[2] + "]}";
    hub_.answers_[target(12)] = R"({"messages":[]})";
  }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() + "/" + name) << text;
    return dir_.path() + "/" + name;
  }
  int run(ReplayOptions options) {
    options.now_ms = kBeginMs + 200'000;
    return run_route_replay({hub_, out_, err_, json_}, options);
  }
  std::string hotter() {
    return file("hotter.json",
                R"json({"routes": {"hot": "FROM 'plant/#' WHERE $body.c > 85 INTO $upstream"}})json");
  }
  std::string minute() {
    return file("minute.json",
                R"json({"routes": {"minute":
                "SELECT max($body.c) AS top FROM 'plant/#' GROUP BY Tumbling(1m) INTO Topic('tops')"}})json");
  }

  testing::TempDir dir_;
  testing::CannedAdminClient hub_;
  bool json_ = false;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RouteReplay, RunsAFileOverTheHistoryInPages) {
  EXPECT_EQ(run({.file = hotter()}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "history begins at 2023-11-14T22:14:00.000Z: 3 messages of plant/#\n"
            "2023-11-14T22:15:01.000Z  hot -> $upstream  plant/2  {\"c\":90}\n"
            "ROUTE  MATCHED  UNDEFINED  TYPE ERRORS  LATE  ROWS\n"
            "hot          1          0            0     0     1\n");
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(RouteReplay, FiresWindowsUpToNowAndNotBeyond) {
  EXPECT_EQ(run({.file = minute()}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("[2023-11-14T22:14:00.000Z, 2023-11-14T22:15:00.000Z)  {\"top\":81}\n"));
  EXPECT_THAT(out_.str(), HasSubstr("[2023-11-14T22:15:00.000Z, 2023-11-14T22:16:00.000Z)  {\"top\":90}\n"));
  out_.str("");
  EXPECT_EQ(run({.file = minute(), .until = "2023-11-14T22:15:30Z"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("{\"top\":81}"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("{\"top\":90}")));
}

TEST_F(RouteReplay, MarksWindowsThatBeganBeforeTheHistory) {
  pages({message(7, 20'000, "plant/1", R"({\"c\":81})"), message(9, 30'000, "plant/1", R"({\"c\":70})"),
         message(12, 61'000, "plant/2", R"({\"c\":90})")});
  EXPECT_EQ(run({.file = minute()}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("2023-11-14T22:15:00.000Z * minute -> topic:tops"));
  EXPECT_THAT(out_.str(), HasSubstr("2023-11-14T22:16:00.000Z  minute -> topic:tops"));
  EXPECT_THAT(out_.str(), HasSubstr("* began before the history does: messages may be missing from it\n"));
}

// A window that began before --since has all of its messages as long as the history has them.
TEST_F(RouteReplay, ShowsRowsSinceAMomentMadeOfAllThatCameBefore) {
  EXPECT_EQ(run({.file = minute(), .since = "150s"}), kExitOk);  // 22:14:50
  EXPECT_THAT(out_.str(), HasSubstr("{\"top\":81}"));
  out_.str("");
  EXPECT_EQ(run({.file = minute(), .since = "2023-11-14T22:15:30Z"}), kExitOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("{\"top\":81}")));
  EXPECT_THAT(out_.str(), HasSubstr("{\"top\":90}"));
}

TEST_F(RouteReplay, ComparesWithTheRoutesInForce) {
  EXPECT_EQ(run({.file = hotter(), .diff = true}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "history begins at 2023-11-14T22:14:00.000Z: 3 messages of plant/#\n"
            "- 2023-11-14T22:14:00.000Z  hot -> $upstream  plant/1  {\"c\":81}\n"
            "ROUTE  SAME  ADDED  GONE  CHANGED\n"
            "hot       1      0     1        0\n");
}

TEST_F(RouteReplay, ComparesWithAnotherFileWithoutTheHubsRoutes) {
  hub_.answers_.erase("/v1/routes/records");
  const std::string mean = file("mean.json",
                                R"json({"routes": {"minute":
        "SELECT max($body.c) AS top, count(*) AS n FROM 'plant/1' GROUP BY Tumbling(1m) INTO Topic('tops')"}})json");
  EXPECT_EQ(run({.file = mean, .against = minute()}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(),
              HasSubstr("~ 2023-11-14T22:15:00.000Z  minute -> topic:tops  tops  "
                        "[2023-11-14T22:14:00.000Z, 2023-11-14T22:15:00.000Z)  {\"top\":81,\"n\":2}\n"
                        "    before: {\"top\":81}\n"));
  EXPECT_THAT(out_.str(), HasSubstr("minute     0      0     1        1\n"));
}

// The hub's other routes read what the file's publish: their rows change with them.
TEST_F(RouteReplay, RunsTheHubsOtherRoutesBesideThoseOfTheFile) {
  in_force(R"json({"routes": {
      "hot": "FROM 'plant/#' WHERE $body.c > 80 INTO Topic('hot')",
      "alarm": "FROM 'hot' INTO $upstream"}})json");
  const std::string changed =
      file("f.json", R"json({"routes": {"hot": "FROM 'plant/#' WHERE $body.c > 85 INTO Topic('hot')"}})json");
  EXPECT_EQ(run({.file = changed, .diff = true}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("alarm     1      0     1        0\n"));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(RouteReplay, RunsARouteInForce) {
  EXPECT_EQ(run({.route = "hot"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":81}"));
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":90}"));
  EXPECT_EQ(run({.route = "cold"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("there is no route \"cold\""));
}

TEST_F(RouteReplay, SaysThatThereIsNoHistoryAndTheKeyToSet) {
  // As the hub answers; UnixAdminClient makes not_found of 404.
  testing::ManualExecutor executor;
  testing::MemQueueStore store(executor);
  EXPECT_EQ(run_route_replay({hub_, out_, err_, false, &store}, {.file = hotter()}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("the hub keeps no history; set \"history\": {\"filter\""));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(RouteReplay, FailsOnAHistoryWithoutMessages) {
  hub_.answers_["/v1/history"] = history(0);
  EXPECT_EQ(run({.file = hotter()}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("the history is empty"));
}

TEST_F(RouteReplay, WarnsOfARouteThatReadsMoreThanIsKept) {
  hub_.answers_["/v1/history"] = history(3, "plant/1");
  EXPECT_EQ(run({.file = hotter()}), kExitOk);
  EXPECT_EQ(
      err_.str(),
      "warning: route hot reads plant/#, and the history has no more of them than history.filter takes\n");
}

TEST_F(RouteReplay, SaysThatTheFilterIsYoungerThanTheHistory) {
  hub_.answers_["/v1/history"] = history(3, "plant/#", kBeginMs + 45'000);
  EXPECT_EQ(run({.file = hotter()}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("its filter is another since 2023-11-14T22:14:45.000Z\n"));
}

TEST_F(RouteReplay, LetsNoTimeFall) {
  pages({message(7, 61'000, "plant/1", R"({\"c\":81})"), message(9, 0, "plant/1", R"({\"c\":90})"),
         message(12, 30'000, "plant/2", R"({\"c\":90})")});
  EXPECT_EQ(run({.file = hotter()}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("2023-11-14T22:15:01.000Z  hot -> $upstream  plant/1  {\"c\":90}\n"
                                    "2023-11-14T22:15:01.000Z  hot -> $upstream  plant/2  {\"c\":90}\n"));
}

TEST_F(RouteReplay, FailsOnARouteThatDoesNotCompile) {
  EXPECT_EQ(run({.file = file("bad.json",
                              R"json({"routes": {"hot": "FROM 'plant/#' WHERE INTO $upstream"}})json")}),
            kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("hot: left out\n"));
}

TEST_F(RouteReplay, ExplainsWhatItCannotDo) {
  EXPECT_EQ(run({}), kExitUsage);
  EXPECT_EQ(run({.route = "hot", .diff = true}), kExitUsage);
  EXPECT_EQ(run({.file = hotter(), .since = "yesterday"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("\"yesterday\" is no time; allowed: how long ago"));
}

TEST_F(RouteReplay, GivesRowsAndChangesAsJson) {
  json_ = true;
  EXPECT_EQ(run({.file = hotter()}), kExitOk);
  EXPECT_EQ(
      out_.str(),
      R"({"history":{"begins_ms":1700000040000,"filters":["plant/#"],"since_ms":1700000040000},)"
      R"("messages":3,"tables":[],"warnings":[],"rows":[{"route":"hot","at_ms":1700000101000,"to":"$upstream",)"
      R"("topic":"plant/2","body":{"c":90}}],"routes":[{"name":"hot","rows":1}]})"
      "\n");
  out_.str("");
  EXPECT_EQ(run({.file = hotter(), .diff = true}), kExitOk);
  EXPECT_THAT(out_.str(),
              HasSubstr(R"("changes":[{"change":"gone","row":{"route":"hot","at_ms":1700000040000,)"));
  EXPECT_THAT(out_.str(), HasSubstr(R"("routes":[{"name":"hot","same":1,"added":0,"gone":1,"changed":0}]})"));
}

TEST_F(RouteReplay, ReadsTheDirectoryOfAStoppedHub) {
  testing::ManualExecutor executor;
  testing::MemQueueStore store(executor);
  const auto queue = store.open_queue(store::kHistoryQueue, {store::QueueKind::history});
  for (const char* body : {R"({"c":81})", R"({"c":90})"}) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = body;
    message->arrived_ms = message->arrived_hub_ms = kBeginMs;
    const store::Target target{*queue};
    ASSERT_TRUE(store.append(message, {&target, 1}));
  }
  routing::RouteFileEntry hot;
  hot.name = "hot";
  hot.text = "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream";
  const std::vector<store::KeyValue> values = {
      {"route/hot", routing::route_record(hot)},
      {std::string(store::kHistoryKey), store::encode_history({{"plant/#"}, kBeginMs})}};
  ASSERT_TRUE(store.put(values));
  executor.run_ready();
  ReplayOptions options{.file = hotter(), .diff = true, .now_ms = kBeginMs + 1000};
  EXPECT_EQ(run_route_replay({hub_, out_, err_, false, &store, {0, kBeginMs}}, options), kExitOk)
      << err_.str();
  EXPECT_EQ(out_.str(),
            "history begins at 2023-11-14T22:14:00.000Z: 2 messages of plant/#\n"
            "- 2023-11-14T22:14:00.000Z  hot -> $upstream  plant/1  {\"c\":81}\n"
            "ROUTE  SAME  ADDED  GONE  CHANGED\n"
            "hot       1      0     1        0\n");
  EXPECT_THAT(hub_.asked_, IsEmpty());
  EXPECT_EQ(store.stats(*queue).waiting(), 2u);
}

// ---- what routes name ----

constexpr const char* kOverLimit =
    R"json({"routes": {"over": "SELECT $body.c AS c, lookup('limits', topic_level(2)).high AS high )json"
    R"json(FROM 'plant/#' WHERE $body.c > lookup('limits', topic_level(2)).high INTO $upstream"},)json";

TEST_F(RouteReplay, LooksUpInTheRowsThatAFileHasNow) {
  file("limits.csv", "m,high\n1,75.5\n");
  const std::string routes =
      file("over.json", std::string(kOverLimit) + R"("tables": {"limits": {"file": "limits.csv"}}})");
  EXPECT_EQ(run({.file = routes}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "history begins at 2023-11-14T22:14:00.000Z: 3 messages of plant/#\n"
            "lookup table limits has the rows of now: 1\n"
            "2023-11-14T22:14:00.000Z  over -> $upstream  routes/over  {\"c\":81,\"high\":75.5}\n"
            "ROUTE  MATCHED  UNDEFINED  TYPE ERRORS  LATE  ROWS\n"
            "over         1          1            0     0     1\n");
  file("limits.csv", "m\n");
  out_.str("");
  json_ = true;
  EXPECT_EQ(run({.file = routes}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr(R"("tables":[{"name":"limits","rows":0}])"));
}

TEST_F(RouteReplay, AsksAHubForTheRowsOfItsTablesInPages) {
  in_force(std::string(kOverLimit) + R"("tables": {"limits": {"topic": "limits/+"}}})");
  hub_.answers_["/v1/tables/limits/rows?after="] = R"({"rows":{"1":"{\"high\":75.5}"}})";
  hub_.answers_["/v1/tables/limits/rows?after=1"] = R"({"rows":{"2":"{\"high\":85}"}})";
  hub_.answers_["/v1/tables/limits/rows?after=2"] = R"({"rows":{}})";
  EXPECT_EQ(run({.route = "over"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("lookup table limits has the rows of now: 2\n"));
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":81,\"high\":75.5}\n"));
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":90,\"high\":85}\n"));
}

TEST_F(RouteReplay, GivesAFilesTableTheRowsThatTheHubKeepsOfItsTopic) {
  in_force(R"({"routes": {}, "tables": {"of_machines": {"topic": "limits/+"}}})");
  hub_.answers_["/v1/tables/of_machines/rows?after="] = R"({"rows":{"1":"{\"high\":75}"}})";
  hub_.answers_["/v1/tables/of_machines/rows?after=1"] = R"({"rows":{}})";
  const std::string known =
      file("known.json", std::string(kOverLimit) + R"("tables": {"limits": {"topic": "limits/+"}}})");
  EXPECT_EQ(run({.file = known}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":81,\"high\":75}\n"));
  const std::string other =
      file("other.json", std::string(kOverLimit) + R"("tables": {"limits": {"topic": "bounds/+"}}})");
  EXPECT_EQ(run({.file = other}), kExitFailed);
  EXPECT_THAT(err_.str(),
              HasSubstr("the rows of table 'limits' are not known: the hub has no table of the topic "
                        "bounds/+; give them as a file"));
}

TEST_F(RouteReplay, LetsNoMessageOfTheHistoryChangeATable) {
  pages({R"({"seq":7,"lane":10,"topic":"plant/1","qos":1,"retain":true,"arrived_ms":1700000040000,)"
         R"("payload":"{\"high\":1,\"c\":81}"})",
         message(9, 30'000, "plant/1", R"({\"c\":70})"), message(12, 61'000, "plant/2", R"({\"c\":90})")});
  in_force(std::string(kOverLimit) + R"("tables": {"limits": {"topic": "plant/+"}}})");
  hub_.answers_["/v1/tables/limits/rows?after="] = R"({"rows":{"1":"{\"high\":75}"}})";
  hub_.answers_["/v1/tables/limits/rows?after=1"] = R"({"rows":{}})";
  EXPECT_EQ(run({.route = "over"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":81,\"high\":75}\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("{\"c\":70")));
}

TEST_F(RouteReplay, AsksForNoRowsThatNoRouteLooksUp) {
  in_force(R"json({"routes": {"hot": "FROM 'plant/#' INTO $upstream"},
      "tables": {"limits": {"file": "limits.csv"}}})json");
  EXPECT_EQ(run({.route = "hot"}), kExitOk) << err_.str();
}

TEST_F(RouteReplay, RunsRoutesInForceWithTheirSchemas) {
  in_force(R"json({"routes": {"good": "FROM 'plant/#' WHERE conforms($body, 'r.json') INTO $upstream"}})json",
           {{"r.json", std::make_shared<const std::string>(R"({"properties":{"c":{"minimum":80}}})"), ""}});
  EXPECT_EQ(run({.route = "good"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("good         2          0            0     0     2\n"));
}

TEST_F(RouteReplay, ReadsTheRowsOfAStoppedHub) {
  testing::ManualExecutor executor;
  testing::MemQueueStore store(executor);
  const auto queue = store.open_queue(store::kHistoryQueue, {store::QueueKind::history});
  auto message = std::make_shared<core::Message>();
  message->topic = "plant/1";
  message->body = R"({"c":81})";
  message->arrived_ms = message->arrived_hub_ms = kBeginMs;
  const store::Target target{*queue};
  ASSERT_TRUE(store.append(message, {&target, 1}));
  const routing::RouteFile hub = routing::parse_route_file(
      std::string(kOverLimit) + R"("tables": {"limits": {"topic": "limits/+"}}})", "/routes/hub.json");
  std::string record("\x01", 1);  // version, then the number of its rows
  store::put_varint(record, 300);
  std::string row_key = "lookup-row/";
  store::put_u32_be(row_key, 300);
  const std::vector<store::KeyValue> values = {
      {"route/over", routing::route_record(hub.entries[0])},
      {"table/limits", routing::table_record(hub.tables[0])},
      {"lookup/limits", record},
      {row_key + "1", std::string("\x01limits/1\0{\"high\":75}", 21)},
      {std::string(store::kHistoryKey), store::encode_history({{"plant/#"}, kBeginMs})}};
  ASSERT_TRUE(store.put(values));
  executor.run_ready();
  ReplayOptions options{.route = "over", .now_ms = kBeginMs + 1000};
  EXPECT_EQ(run_route_replay({hub_, out_, err_, false, &store, {0, kBeginMs}}, options), kExitOk)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("lookup table limits has the rows of now: 1\n"));
  EXPECT_THAT(out_.str(), HasSubstr("{\"c\":81,\"high\":75}\n"));
}

class RouteShadow : public RouteReplay {
 protected:
  int run_shadow(const ShadowOptions& options) {
    return run_route_shadow({hub_, out_, err_, json_}, options);
  }
};

TEST_F(RouteShadow, HandsTheRoutesOfAFileToTheHub) {
  hub_.answers_["POST /v1/routes/shadow"] = R"({"tried":1})";
  EXPECT_EQ(run_shadow({.file = hotter()}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "1 routes count and deliver nothing; see headgate route ls\n");
  const routing::RouteFile sent = routing::parse_route_file(hub_.sent_, "sent");
  ASSERT_EQ(sent.entries.size(), 1u);
  EXPECT_EQ(sent.entries[0].name, "hot");
}

TEST_F(RouteShadow, HandsTheTablesOfAFileOverWithTheirWholePath) {
  hub_.answers_["POST /v1/routes/shadow"] = R"({"tried":1})";
  const std::string routes =
      file("over.json", std::string(kOverLimit) + R"("tables": {"limits": {"file": "limits.csv"}}})");
  EXPECT_EQ(run_shadow({.file = routes}), kExitOk) << err_.str();
  const routing::RouteFile sent = routing::parse_route_file(hub_.sent_, "sent");
  ASSERT_EQ(sent.tables.size(), 1u);
  EXPECT_EQ(sent.tables[0].from, dir_.path() + "/limits.csv");
}

TEST_F(RouteShadow, StopsThemWithAFileOfNone) {
  hub_.answers_["POST /v1/routes/shadow"] = R"({"tried":0})";
  EXPECT_EQ(run_shadow({.stop = true}), kExitOk);
  EXPECT_EQ(out_.str(), "no route is tried any more\n");
  EXPECT_TRUE(routing::parse_route_file(hub_.sent_, "sent").entries.empty());
}

TEST_F(RouteShadow, SendsNothingThatCannotBeRead) {
  EXPECT_EQ(run_shadow({.file = file("bad.json", "{")}), kExitFailed);
  EXPECT_EQ(run_shadow({}), kExitUsage);
  EXPECT_EQ(run_shadow({.file = hotter(), .stop = true}), kExitUsage);
  EXPECT_THAT(hub_.asked_, IsEmpty());
}

TEST_F(RouteShadow, IsShownWithWhatItWouldHaveGiven) {
  hub_.answers_["/v1/routes"] = R"json({"routes": [{"name": "hot", "file": "r.json", "endpoint": "$upstream",
      "active": true, "matched": 3, "shadow": {"evaluated": 7, "results": 3, "missed": 2, "last_ms": 1700000040000,
      "last_to": "$upstream", "last_topic": "plant/1", "last_body": "{\"c\":81}"}}]})json";
  EXPECT_EQ(run_route_ls({hub_, out_, err_}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("hot    shadow "));
  EXPECT_THAT(out_.str(),
              HasSubstr("hot: a shadow, 7 evaluated, would have given 3; 2 messages missed by all shadows\n"
                        "  the last: $upstream  plant/1  {\"c\":81}\n"));
}

}  // namespace
}  // namespace headgate::tools
