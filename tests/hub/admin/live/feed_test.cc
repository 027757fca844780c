#include "hub/admin/live/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using LiveJson = nlohmann::ordered_json;

// Counts looks: at routes, which each round takes once, and at clients.
class CountedHub : public testing::CannedHubView {
 public:
  [[nodiscard]] std::vector<RouteInfo> routes() const override {
    ++looks_;
    return CannedHubView::routes();
  }
  [[nodiscard]] std::vector<ClientInfo> clients() const override {
    ++client_looks_;
    return CannedHubView::clients();
  }
  mutable int looks_ = 0;
  mutable int client_looks_ = 0;
};

class Live : public ::testing::Test {
 protected:
  struct Reader {
    std::vector<LiveJson> lines;
    std::unique_ptr<Subscription> subscription;
  };

  std::unique_ptr<Reader> open(const std::string& parts, const std::string& user = "") {
    auto reader = std::make_unique<Reader>();
    const AdminReply reply = api_.handle(
        {"GET", "/v1/live" + (parts.empty() ? "" : "?parts=" + parts), "", Caller{Role::read, user, "x"}});
    if (const auto* const refused = std::get_if<AdminResponse>(&reply)) ADD_FAILURE() << refused->body;
    reader->subscription = std::get<AdminStream>(reply).open(
        [to = reader.get()](const std::string& line) { to->lines.push_back(LiveJson::parse(line)); });
    return reader;
  }
  // A second, and all turns of the loop that it has.
  void second() {
    hub_.now_.mono_ms += 1'000;
    hub_.now_.wall_ms += 1'000;
    hub_.now_.hub_ms += 1'000;
    api_.tick();
    hub_.run_later();
  }
  void add_queue(const std::string& name) {
    hub_.append(name, CountedHub::message("plant/1", "body"), store::kDefaultLane);
  }
  LiveJson get(const std::string& target, const std::string& user = "") {
    const AdminReply reply = api_.handle({"GET", target, "", Caller{Role::read, user, "x"}});
    if (const auto* const response = std::get_if<AdminResponse>(&reply))
      return LiveJson::parse(response->body);
    std::string body;
    std::get<AdminLater>(reply).start([&body](const AdminResponse& response) { body = response.body; });
    hub_.run_later();
    return LiveJson::parse(body);
  }
  static std::vector<std::string> names(const LiveJson& rows, const char* key = "name") {
    std::vector<std::string> names;
    for (const LiveJson& row : rows) names.push_back(row[key]);
    return names;
  }

  static RouteInfo route(const std::string& name) {
    RouteInfo route;
    route.name = name;
    return route;
  }
  static RouteInfo shadow(const std::string& name) {
    RouteInfo shadow = route(name);
    shadow.shadow = ShadowInfo();
    return shadow;
  }
  static ClientInfo client(const std::string& id, int64_t last_seen_ms = 0) {
    ClientInfo client;
    client.client_id = id;
    client.last_seen_ms = last_seen_ms;
    return client;
  }

  CountedHub hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(Live, FirstLineIsAllOfItAsOtherAnswersHaveIt) {
  add_queue("in/a");
  add_queue("$upstream");
  hub_.routes_ = {route("up")};
  hub_.clients_ = {client("pump-1")};
  hub_.lookups_.emplace_back().name = "limits";
  hub_.events_.add(core::LogLevel::info, "started", {{"port", 1883}}, 5);
  const auto reader = open("status,queues,routes,upstream,forecast,clients,events");
  EXPECT_THAT(reader->lines, IsEmpty());  // never from within
  hub_.run_later();
  ASSERT_THAT(reader->lines, SizeIs(1));
  const LiveJson& line = reader->lines[0];
  EXPECT_EQ(line["first"], true);
  EXPECT_EQ(line["now_ms"], hub_.now_.wall_ms);
  EXPECT_EQ(line["status"].dump(), get("/v1/status").dump());
  EXPECT_EQ(line["queues"]["changed"].dump(), get("/v1/queues")["queues"].dump());
  EXPECT_THAT(line["queues"]["gone"], IsEmpty());
  EXPECT_EQ(line["routes"]["changed"].dump(), get("/v1/routes")["routes"].dump());
  EXPECT_EQ(line["routes"]["tables"].dump(), get("/v1/routes")["tables"].dump());
  EXPECT_EQ(line["clients"]["changed"].dump(), get("/v1/clients")["clients"].dump());
  EXPECT_EQ(line["upstream"].dump(), get("/v1/upstream").dump());
  EXPECT_EQ(line["forecast"].dump(), get("/v1/upstream/forecast").dump());
  EXPECT_EQ(line["events"].dump(), get("/v1/events")["events"].dump());
}

TEST_F(Live, WithoutPartsThereIsAllButClients) {
  const auto reader = open("");
  hub_.run_later();
  ASSERT_THAT(reader->lines, SizeIs(1));
  for (const char* part : {"status", "queues", "routes", "upstream", "forecast", "events"})
    EXPECT_TRUE(reader->lines[0].contains(part)) << part;
  EXPECT_FALSE(reader->lines[0].contains("clients"));
  EXPECT_EQ(hub_.client_looks_, 0);
}

TEST_F(Live, LaterLinesHaveWhatChangedAndWhatWent) {
  add_queue("a");
  add_queue("b");
  hub_.routes_ = {route("one"), route("two")};
  const auto reader = open("queues,routes");
  hub_.run_later();
  second();
  add_queue("b");
  hub_.routes_.erase(hub_.routes_.begin());
  hub_.routes_[0].error = "broken";
  ASSERT_TRUE(hub_.queue_store().remove_queue(*hub_.queue_store().find_queue("a")));
  hub_.settle();
  second();
  second();
  ASSERT_THAT(reader->lines, SizeIs(4));
  for (const size_t quiet : {1, 3}) {
    EXPECT_EQ(reader->lines[quiet]["first"], false);
    EXPECT_EQ(reader->lines[quiet]["queues"].dump(), R"({"changed":[],"gone":[]})");
    EXPECT_EQ(reader->lines[quiet]["routes"].dump(), R"({"changed":[],"gone":[],"gone_shadows":[]})");
  }
  EXPECT_THAT(names(reader->lines[2]["queues"]["changed"]), ElementsAre("b"));
  EXPECT_EQ(reader->lines[2]["queues"]["changed"][0]["in"], 2);
  EXPECT_THAT(reader->lines[2]["queues"]["gone"], ElementsAre("a"));
  EXPECT_THAT(names(reader->lines[2]["routes"]["changed"]), ElementsAre("two"));
  EXPECT_THAT(reader->lines[2]["routes"]["gone"], ElementsAre("one"));
}

TEST_F(Live, PausedQueueAndSteppedClockMakeNewRows) {
  add_queue("a");
  const auto reader = open("queues");
  hub_.run_later();
  ASSERT_TRUE(hub_.queue_store().set_paused(*hub_.queue_store().find_queue("a"), true));
  hub_.settle();
  second();
  EXPECT_THAT(reader->lines.back()["queues"]["changed"], SizeIs(1));
  EXPECT_EQ(reader->lines.back()["queues"]["changed"][0]["paused"], true);
  second();
  EXPECT_THAT(reader->lines.back()["queues"]["changed"], IsEmpty());
  hub_.now_.wall_ms += 3'600'000;  // the hub's own time goes on as before
  second();
  EXPECT_THAT(reader->lines.back()["queues"]["changed"], SizeIs(1));
}

TEST_F(Live, ShadowMayHaveTheNameOfARouteInForceAndGoesAlone) {
  hub_.routes_ = {route("up"), shadow("up")};
  const auto reader = open("routes");
  hub_.run_later();
  EXPECT_THAT(names(reader->lines.back()["routes"]["changed"]), ElementsAre("up", "up"));
  hub_.routes_.pop_back();
  second();
  EXPECT_THAT(reader->lines.back()["routes"]["gone"], IsEmpty());
  EXPECT_THAT(reader->lines.back()["routes"]["gone_shadows"], ElementsAre("up"));
  hub_.routes_[0].file = "other.json";  // it moves, and is still there
  second();
  EXPECT_THAT(names(reader->lines.back()["routes"]["changed"]), ElementsAre("up"));
  EXPECT_THAT(reader->lines.back()["routes"]["gone"], IsEmpty());
}

TEST_F(Live, BodiesOfShadowsAreShownByTheRightsOfEachReader) {
  hub_.routes_ = {shadow("try")};
  hub_.routes_[0].shadow->last_topic = "secret/1";
  hub_.routes_[0].shadow->last_body = "hidden";
  const auto owner = open("routes");
  const auto anna = open("routes", "anna");
  hub_.run_later();
  EXPECT_EQ(owner->lines[0]["routes"]["changed"][0]["shadow"]["last_body"], "hidden");
  EXPECT_EQ(anna->lines[0]["routes"]["changed"].dump(), get("/v1/routes", "anna")["routes"].dump());
  EXPECT_THAT(anna->lines[0].dump(), Not(HasSubstr("hidden")));
}

TEST_F(Live, ReadersShareOneSnapshot) {
  const auto one = open("");
  const auto two = open("");
  const auto three = open("status", "anna");
  hub_.run_later();
  second();
  EXPECT_EQ(hub_.looks_, 2);
  EXPECT_EQ(one->lines, two->lines);
  EXPECT_THAT(three->lines, SizeIs(2));
  EXPECT_FALSE(three->lines[0].contains("queues"));
}

TEST_F(Live, ReaderThatComesLaterHasAllOfItAndTheOthersHaveChanges) {
  add_queue("a");
  const auto one = open("queues,events");
  hub_.run_later();
  hub_.events_.add(core::LogLevel::warn, "late", {}, 5);
  second();
  const auto two = open("queues,events");
  second();
  EXPECT_THAT(names(one->lines[1]["events"], "event"), ElementsAre("late"));
  EXPECT_THAT(one->lines[2]["events"], IsEmpty());
  ASSERT_THAT(two->lines, SizeIs(1));
  EXPECT_EQ(two->lines[0]["first"], true);
  EXPECT_THAT(names(two->lines[0]["queues"]["changed"]), ElementsAre("a"));
  EXPECT_THAT(names(two->lines[0]["events"], "event"), ElementsAre("late"));
}

TEST_F(Live, ReaderThatAsksForMoreInTheMiddleOfARoundGetsOneSoonWithoutATick) {
  const auto one = open("status");
  const auto two = open("status,queues");  // the round has begun
  hub_.run_later();
  EXPECT_EQ(hub_.waited_ms_, 250);
  EXPECT_THAT(one->lines, SizeIs(2));
  ASSERT_THAT(two->lines, SizeIs(1));
  EXPECT_EQ(two->lines[0]["first"], true);
  EXPECT_TRUE(two->lines[0].contains("queues"));
}

TEST_F(Live, NothingIsComputedWhileNobodyReads) {
  second();
  auto reader = open("");
  hub_.run_later();
  const int looks = hub_.looks_;
  EXPECT_EQ(looks, 1);
  hub_.now_.mono_ms += 1'000;
  api_.tick();
  reader.reset();  // in the middle of a round
  hub_.run_later();
  for (int i = 0; i < 3; ++i) second();
  EXPECT_EQ(hub_.looks_, looks);
  EXPECT_THAT(hub_.later_, IsEmpty());
}

TEST_F(Live, ThousandQueuesAreLookedAtOverManyTurnsOfTheLoop) {
  for (int i = 0; i < 1'000; ++i) add_queue("q" + std::to_string(i));
  const auto reader = open("queues");
  size_t turns = 0;
  for (; !hub_.later_.empty(); ++turns) {
    const auto work = std::move(hub_.later_.front());
    hub_.later_.erase(hub_.later_.begin());
    work();
  }
  EXPECT_GE(turns, 1'000 / kLiveRenderedATurn);
  ASSERT_THAT(reader->lines, SizeIs(1));
  EXPECT_THAT(reader->lines[0]["queues"]["changed"], SizeIs(1'000));
  add_queue("q7");
  second();
  EXPECT_THAT(names(reader->lines[1]["queues"]["changed"]), ElementsAre("q7"));
}

TEST_F(Live, QueueThatIsRemovedInTheMiddleOfARoundIsNotThere) {
  for (int i = 0; i < 100; ++i) add_queue("q" + std::to_string(i));
  const auto reader = open("queues");
  ASSERT_FALSE(hub_.later_.empty());
  for (int i = 0; i < 3; ++i) {  // texts, upstream, the first queues
    const auto work = std::move(hub_.later_.front());
    hub_.later_.erase(hub_.later_.begin());
    work();
  }
  ASSERT_TRUE(hub_.queue_store().remove_queue(*hub_.queue_store().find_queue("q99")));
  hub_.run_later();
  ASSERT_THAT(reader->lines, SizeIs(1));
  EXPECT_THAT(reader->lines[0]["queues"]["changed"], SizeIs(99));
}

TEST_F(Live, ClientsAreLookedAtEveryFiveSecondsAndOneThatOnlyPingsHasNoNewRow) {
  hub_.clients_ = {client("pump-1", 1'700'000'010'000), client("pump-2")};
  const auto reader = open("clients");
  hub_.run_later();
  EXPECT_THAT(names(reader->lines[0]["clients"]["changed"], "client_id"), ElementsAre("pump-1", "pump-2"));
  hub_.clients_ = {client("pump-1", 1'700'000'010'900)};
  for (int i = 0; i < 4; ++i) second();
  EXPECT_EQ(hub_.client_looks_, 1);
  EXPECT_THAT(reader->lines.back()["clients"]["gone"], IsEmpty());
  second();
  EXPECT_EQ(hub_.client_looks_, 2);
  EXPECT_THAT(reader->lines.back()["clients"]["changed"], IsEmpty());
  EXPECT_THAT(reader->lines.back()["clients"]["gone"], ElementsAre("pump-2"));
}

TEST_F(Live, ForecastComesEveryFiveSeconds) {
  const auto reader = open("forecast");
  hub_.run_later();
  for (int i = 0; i < 5; ++i) second();
  ASSERT_THAT(reader->lines, SizeIs(6));
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(reader->lines[i].contains("forecast"), i == 0 || i == 5) << i;
}

TEST_F(Live, NamesOfAnyKindAreJson) {
  add_queue("a\"b\n");
  const auto reader = open("queues");
  hub_.run_later();
  EXPECT_THAT(names(reader->lines[0]["queues"]["changed"]), ElementsAre("a\"b\n"));
  ASSERT_TRUE(hub_.queue_store().remove_queue(*hub_.queue_store().find_queue("a\"b\n")));
  second();
  EXPECT_THAT(reader->lines[1]["queues"]["gone"], ElementsAre("a\"b\n"));
}

TEST_F(Live, UnknownPartsAreRefusedByName) {
  for (const char* wrong : {"everything", "", "status,", "status,,queues", "Status", "status%20"}) {
    const AdminReply reply = api_.handle({"GET", std::string("/v1/live?parts=") + wrong, ""});
    ASSERT_TRUE(std::holds_alternative<AdminResponse>(reply)) << wrong;
    EXPECT_EQ(std::get<AdminResponse>(reply).status, 400u) << wrong;
    EXPECT_THAT(std::get<AdminResponse>(reply).body, HasSubstr("allowed: some of status, queues")) << wrong;
  }
}

}  // namespace
}  // namespace headgate::hub
