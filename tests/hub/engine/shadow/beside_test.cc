// Routes that count and deliver nothing, beside those that deliver: nobody notices them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "routing/lookup/csv_rows.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos0;
using testing::qos1;
using testing::to;
using testing::v5;

class Shadows : public EngineTest {
 protected:
  void shadow(const std::string& name, const std::string& text) {
    routing::RouteFileEntry entry;
    entry.name = name;
    entry.text = text;
    entry.shadow = true;
    routes_.entries.push_back(std::move(entry));
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }
  core::Status try_one(const std::string& name, const std::string& text) {
    routing::RouteFile file;
    file.entries.emplace_back();
    file.entries[0].name = name;
    file.entries[0].text = text;
    return engine_->try_routes(file);
  }
  void publish(std::string_view topic, std::string_view body, uint8_t qos = 1) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos == 0 ? qos0(topic, body) : qos1(1, topic, body));
    commit();
  }
  RouteInfo info_of(std::string_view name) {
    for (RouteInfo& info : engine_->describe_routes())
      if (info.name == name) return info;
    ADD_FAILURE() << "there is no route " << name;
    return {};
  }
};

TEST_F(Shadows, CountWhatTheyWouldGiveAndGiveNothing) {
  shadow("s", "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream");
  publish("plant/1", R"({"c":81})");
  publish("plant/1", R"({"c":70})", 0);
  const RouteInfo info = info_of("s");
  ASSERT_TRUE(info.shadow);
  EXPECT_TRUE(info.active);
  EXPECT_EQ(info.counts.evaluated, 2u);
  EXPECT_EQ(info.counts.matched, 1u);
  EXPECT_EQ(info.counts.results, 1u);
  EXPECT_EQ(info.shadow->last_to, "$upstream");
  EXPECT_EQ(info.shadow->last_topic, "plant/1");
  EXPECT_EQ(info.shadow->last_body, R"({"c":81})");
  EXPECT_THAT(info.endpoints, ElementsAre("$upstream"));
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(Shadows, MakeNoQueueStoreNothingAndMakeNobodyWait) {
  const auto queues = store_.queues();
  shadow("pick", "FROM 'plant/#' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  shadow("window", "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1s) INTO Topic('counts')");
  commit();
  EXPECT_EQ(store_.queues(), queues);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "plant/1", "{}")), ElementsAre("PUBACK 1"));
  EXPECT_FALSE(store_.commit_pending());
  EXPECT_EQ(engine_->ingest_stats().stored, 0u);
}

TEST_F(Shadows, TakeNoEndpointsPlace) {
  shadow("s", "FROM 'plant/#' INTO $upstream");
  routes_.entries[0].priority = 0;
  route("FROM 'plant/1' INTO $upstream", 5);
  publish("plant/1", "a");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("a"));
  const auto entries = store_.read(engine_->upstream_queue(), 5, 0, {}, clock_.now());
  EXPECT_EQ(entries->size(), 1u) << "it went out under the shadow's priority";
  EXPECT_EQ(info_of("s").counts.results, 1u);
}

TEST_F(Shadows, RepublishNothing) {
  shadow("s", "FROM 'plant/#' INTO Topic('copies')");
  auto listener = client();
  listener.connect(v5("listener"));
  listener.subscribe(1, {to("copies", 1)});
  listener.read();
  publish("plant/1", "a");
  EXPECT_THAT(listener.read(), IsEmpty());
  EXPECT_EQ(info_of("s").shadow->last_to, "topic:copies");
}

TEST_F(Shadows, SeeWhatOtherRoutesPublish) {
  route("FROM 'plant/#' INTO Topic('copies')");
  route("SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1s) INTO Topic('counts')");
  shadow("copies", "FROM 'copies' INTO $upstream");
  shadow("counts", "FROM 'counts' INTO $upstream");
  publish("plant/1", "a");
  clock_.advance_ms(2000);
  engine_->tick();
  commit();
  EXPECT_EQ(info_of("copies").counts.results, 1u);
  EXPECT_EQ(info_of("counts").counts.results, 1u);
}

TEST_F(Shadows, GiveWindowsByTheTick) {
  shadow("w", "SELECT sum($body.v) AS v FROM 'plant/#' GROUP BY Tumbling(1s) INTO $upstream");
  publish("plant/1", R"({"v":1})");
  publish("plant/2", R"({"v":2})");
  EXPECT_EQ(info_of("w").counts.results, 0u);
  EXPECT_EQ(info_of("w").computed->groups, 1u);
  clock_.advance_ms(2000);
  engine_->tick();
  commit();
  EXPECT_EQ(info_of("w").counts.results, 1u);
  EXPECT_EQ(info_of("w").shadow->last_body, R"({"v":3})");
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(Shadows, AreTriedUntilTheyAreStopped) {
  ASSERT_TRUE(try_one("hot", "FROM 'plant/#' INTO $upstream"));
  publish("plant/1", "a");
  EXPECT_EQ(info_of("hot").counts.results, 1u);
  ASSERT_TRUE(try_one("cold", "FROM 'plant/#' INTO $upstream"));  // in the place of it
  EXPECT_EQ(engine_->shadows().count(), 1u);
  ASSERT_TRUE(engine_->try_routes({}));
  EXPECT_EQ(engine_->shadows().count(), 0u);
  EXPECT_THAT(engine_->describe_routes(), IsEmpty());
}

TEST_F(Shadows, AreTriedBesideARouteOfTheSameName) {
  route("FROM 'plant/#' INTO $upstream");
  ASSERT_TRUE(try_one("r0", "FROM 'plant/2' INTO $upstream"));
  publish("plant/1", "a");
  publish("plant/2", "b");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("a", "b"));
  const auto routes = engine_->describe_routes();
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].counts.matched, 2u);
  EXPECT_FALSE(routes[0].shadow);
  EXPECT_EQ(routes[1].counts.results, 1u);
}

TEST_F(Shadows, ThatAreWrongAreRefusedAndChangeNothing) {
  ASSERT_TRUE(try_one("hot", "FROM 'plant/#' INTO $upstream"));
  const auto tried = try_one("bad", "FROM 'plant/#' WHERE INTO $upstream");
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().code, core::Errc::invalid);
  EXPECT_THAT(tried.error().what, HasSubstr("route 'bad': 1:"));
  EXPECT_EQ(info_of("hot").name, "hot");
  routing::RouteFile many;
  many.entries.resize(ShadowRoutes::kTriedMax + 1);
  EXPECT_THAT(engine_->try_routes(many).error().what, HasSubstr("at most 100"));
}

TEST_F(Shadows, OfFilesThatDoNotCompileAreLeftOutAndToldSo) {
  shadow("bad", "FROM 'plant/#' WHERE INTO $upstream");
  shadow("good", "FROM 'plant/#' INTO $upstream");
  EXPECT_FALSE(info_of("bad").active);
  EXPECT_THAT(info_of("bad").error, HasSubstr("1:"));
  publish("plant/1", "a");
  EXPECT_EQ(info_of("good").counts.results, 1u);
  EXPECT_TRUE(std::ranges::any_of(
      log_.lines(), [](const std::string& line) { return line.starts_with("route_left_out route=bad"); }));
}

TEST_F(Shadows, GoOnOverAReloadThatLeavesThemAsTheyAre) {
  shadow("s", "FROM 'plant/#' INTO $upstream");
  publish("plant/1", "a");
  route("FROM 'office/#' INTO $upstream");
  EXPECT_EQ(info_of("s").counts.results, 1u);
  shadow("t", "FROM 'plant/#' INTO $upstream");
  EXPECT_EQ(info_of("s").counts.results, 0u);
}

TEST_F(Shadows, MissMessagesBeyondTheirBoundAndCountThem) {
  shadow("s", "FROM 'plant/#' INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (size_t i = 0; i < ShadowRoutes::kMessagesMax + 3; ++i) sensor.publish(qos0("plant/1", "x"));
  commit();
  EXPECT_EQ(info_of("s").counts.results, ShadowRoutes::kMessagesMax);
  EXPECT_EQ(info_of("s").shadow->missed, 3u);
}

TEST_F(Shadows, ThatBecomeRoutesDeliver) {
  shadow("s", "FROM 'plant/#' INTO $upstream");
  publish("plant/1", "a");
  routes_.entries[0].shadow = false;
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  publish("plant/1", "b");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("b"));
  EXPECT_FALSE(info_of("s").shadow);
}

TEST_F(Shadows, DoNotOutliveTheirHub) {
  shadow("s", "FROM 'plant/#' INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos0("plant/1", "x"));
  sensor.lose_hub();
  restart();
  commit();
  EXPECT_EQ(info_of("s").counts.results, 0u);
}

// ---- lookup tables ----

class ShadowsThatLookUp : public Shadows {
 protected:
  static routing::TableSource limits(std::string_view rows, std::string name = "limits") {
    routing::TableSource table;
    table.name = std::move(name);
    table.from = table.name + ".csv";
    table.rows = std::make_shared<const routing::RowSet>(
        *routing::parse_csv_rows("k,max\n" + std::string(rows), table.from, "", {}));
    table.hash = table.rows->hash();
    return table;
  }
  void file(std::string_view rows) {
    routes_.tables = {limits(rows)};
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }
  void topics() {
    routing::TableSource table;
    table.name = "limits";
    table.kind = routing::TableSource::Kind::topics;
    table.from = "limits/+";
    table.key_level = 2;
    routes_.tables = {table};
  }
  void retain(std::string_view topic, std::string_view body) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    broker::Publish publish = qos1(1, topic, body);
    publish.retain = true;
    sensor.publish(publish);
    commit();
  }
  std::string max_of(const std::string& name) {
    publish("plant/1", R"({"k":"a"})");
    return info_of(name).shadow->last_body;
  }
  static constexpr const char* kMax =
      "SELECT lookup('limits', $body.k).max AS max FROM 'plant/#' INTO $upstream";
};

TEST_F(ShadowsThatLookUp, ReadTheRowsOfAFileAndGoOnWithOthersAfterAReload) {
  file("a,10\n");
  shadow("s", kMax);
  EXPECT_EQ(max_of("s"), R"({"max":10})");
  file("a,20\n");
  EXPECT_EQ(max_of("s"), R"({"max":20})");
  EXPECT_EQ(info_of("s").counts.results, 2u);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(ShadowsThatLookUp, BeginWithWhatIsRetainedAndFollowIt) {
  retain("limits/a", R"({"max":10})");
  topics();
  shadow("s", kMax);
  EXPECT_EQ(max_of("s"), R"({"max":10})");
  retain("limits/a", R"({"max":20})");
  EXPECT_EQ(max_of("s"), R"({"max":20})");
}

TEST_F(ShadowsThatLookUp, WriteNothingAndPutNoTableInForce) {
  file("a,10\n");
  shadow("s", kMax);
  EXPECT_EQ(max_of("s"), R"({"max":10})");
  EXPECT_FALSE(engine_->describe_lookups()[0].in_force);
  EXPECT_FALSE(store_.find_queue("$computing"));
  EXPECT_FALSE(store_.get("lookup/limits"));
}

TEST_F(ShadowsThatLookUp, BeginAnewWhereATableIsDeclaredOtherwise) {
  shadow("s", kMax);
  EXPECT_FALSE(info_of("s").active);
  file("a,10\n");
  EXPECT_EQ(max_of("s"), R"({"max":10})");
  retain("limits/a", R"({"max":20})");
  topics();
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  EXPECT_EQ(max_of("s"), R"({"max":20})");
}

TEST_F(ShadowsThatLookUp, AreTriedWithTablesOfTheirOwnAndWithTheHubs) {
  file("a,10\n");
  routing::RouteFile tried;
  tried.entries.resize(1);
  tried.entries[0].name = "t";
  tried.entries[0].text =
      "SELECT lookup('limits', $body.k).max AS max, lookup('own', $body.k).max AS own FROM 'plant/#' INTO $upstream";
  tried.tables = {limits("a,7\n", "own")};
  ASSERT_TRUE(engine_->try_routes(tried));
  EXPECT_EQ(max_of("t"), R"({"max":10,"own":7})");
  tried.tables[0].fault = "own.csv: cannot be read";
  EXPECT_THAT(engine_->try_routes(tried).error().what, HasSubstr("own.csv: cannot be read"));
}

// ---- rows of tables, for who asks ----

TEST_F(ShadowsThatLookUp, RowsAreThoseInForceOrThoseThatATableWouldBeginWith) {
  retain("limits/a", "1");
  topics();
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  EXPECT_EQ(engine_->lookup_rows("limits", "", 10), (LookupRows{{"a", "1"}}));
  file("b,2\nc,3\nd,4\n");
  EXPECT_EQ(engine_->lookup_rows("limits", "b", 1), (LookupRows{{"c", R"({"k":"c","max":3})"}}));
  route(kMax);
  EXPECT_EQ(engine_->lookup_rows("limits", "", 10)->size(), 3u);
  EXPECT_FALSE(engine_->lookup_rows("other", "", 10));
}

TEST_F(ShadowsThatLookUp, RowsComeInAnswersOfABoundedSize) {
  std::string rows;
  for (int i = 0; i < 100; ++i) rows += std::to_string(100 + i) + "," + std::string(10'000, 'x') + "\n";
  file(rows);
  EXPECT_LT(engine_->lookup_rows("limits", "", 1'000)->size(), 50u);
}

}  // namespace
}  // namespace headgate::hub
