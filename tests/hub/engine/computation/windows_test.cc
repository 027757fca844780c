// Routes with state, end to end: inputs in, results out, and what becomes of them over a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::to;
using testing::v5;

constexpr const char* kMinuteAverages =
    "SELECT $body.m AS machine, avg($body.t) AS mean, count(*) AS n, $window.start AS t0 FROM 'plant/#' "
    "GROUP BY $body.m, Tumbling(1m) INTO $upstream";

TEST_F(Windows, GiveAMinuteAverageOnceTheMinuteIsOver) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  pass(20'000);
  publish("plant/1", R"({"m":"a","t":2})");
  publish("plant/1", R"({"m":"b","t":5})");
  pass(39'000);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  pass(1'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"({"machine":"a","mean":1.5,"n":2,"t0":)"),
                                                HasSubstr(R"({"machine":"b","mean":5,"n":1,"t0":)")));
  EXPECT_EQ(inputs_waiting(), 0u);
}

TEST_F(Windows, SayWhichRouteMadeAResultAndOfWhichWindow) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  pass(60'000);
  const auto results = entries("$upstream");
  ASSERT_EQ(results.size(), 1u);
  const core::Message& result = *results.front().message;
  EXPECT_EQ(result.topic, "routes/r0");
  EXPECT_EQ(result.qos, 1);
  EXPECT_FALSE(result.retain);
  EXPECT_FALSE(result.source);
  EXPECT_EQ(result.arrived_hub_ms, clock_.now().hub_ms);
  EXPECT_EQ(result.props().content_type, "application/json");
  EXPECT_THAT(result.props().user,
              ElementsAre(core::UserProperty{"route", "r0"},
                          core::UserProperty{"window", "2023-11-14T22:14:00.000Z/2023-11-14T22:15:00.000Z"},
                          core::UserProperty{"rev", "0"}));
}

TEST_F(Windows, AcknowledgeAnInputOnceItIsStored) {
  route(kMinuteAverages);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "plant/1", R"({"m":"a","t":1})")), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_EQ(inputs_waiting(), 1u);
}

TEST_F(Windows, StoreAnInputOnceForAllRoutes) {
  for (int i = 0; i < 5; ++i) route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  EXPECT_EQ(inputs_waiting(), 1u);
  pass(60'000);
  EXPECT_EQ(waiting("$upstream").size(), 5u);
  EXPECT_EQ(inputs_waiting(), 0u);
}

TEST_F(Windows, DoNotStoreWhatTheirConditionDoesNotTake) {
  route("SELECT count(*) AS n FROM 'plant/#' WHERE $body.t > 10 GROUP BY Tumbling(1m) INTO $upstream");
  publish("plant/1", R"({"t":1})");
  EXPECT_EQ(inputs_waiting(), 0u);
  publish("plant/1", R"({"t":11})");
  EXPECT_EQ(inputs_waiting(), 1u);
}

TEST_F(Windows, EndInputsWithTheirStateAfterASecondAtMost) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  EXPECT_EQ(inputs_waiting(), 1u);
  pass(1'000);
  EXPECT_EQ(inputs_waiting(), 0u);
}

TEST_F(Windows, EndInputsThatAreManyWithoutWaiting) {
  route(kMinuteAverages);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (size_t i = 0; i < Progress::kUnsavedInputsMax; ++i) {
    sensor.publish(qos1(static_cast<uint16_t>(1 + i % 10), "plant/1", R"({"m":"a","t":1})"));
    commit();
  }
  EXPECT_LT(inputs_waiting(), Progress::kUnsavedInputsMax);
}

// Each turn of the loop takes in what many clients have sent. A computation that took less than came would fall behind
// what is in memory, and have everything read back from disk.
TEST_F(Windows, TakeAsManyInputsInATurnAsCameSinceTheLast) {
  constexpr size_t kFlood = 3 * Computer::kInputsATurn;
  route(kMinuteAverages);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  commit();
  for (size_t i = 0; i < kFlood; ++i) sensor.publish(qos0("plant/1", R"({"m":"a","t":1})"));
  step();
  EXPECT_EQ(engine_->describe_routes()[0].computed->counts.evaluated, kFlood);
}

TEST_F(Windows, TakeABacklogInBoundedTurns) {
  constexpr size_t kBacklog = 3 * Computer::kInputsATurn;
  route(kMinuteAverages);
  {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    for (size_t i = 0; i < kBacklog; ++i) {
      sensor.publish(qos1(static_cast<uint16_t>(1 + i % 10), "plant/1", R"({"m":"a","t":1})"));
      if (i % 10 == 9) commit();
    }
    commit();
  }
  ASSERT_EQ(store_.stats(*store_.find_queue("$computing")).waiting(), kBacklog);  // none has ended yet
  store_.remember_commits();
  executor_.drop_ready();
  restart();
  size_t most = 0;
  size_t taken = 0;
  for (int turn = 0; turn < 20; ++turn) {
    step();
    const size_t before = std::exchange(taken, engine_->describe_routes()[0].computed->counts.evaluated);
    most = std::max(most, taken - before);
  }
  EXPECT_EQ(taken, kBacklog);
  EXPECT_EQ(most, Computer::kInputsATurn);
}

TEST_F(Windows, CountQos0WithoutWritingIt) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})", 0);
  publish("plant/1", R"({"m":"a","t":3})", 1);
  publish("plant/1", R"({"m":"a","t":5})", 0);
  EXPECT_EQ(store_.stats(*store_.find_queue("$computing")).in, 1u);
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("mean":3,"n":3)")));
}

TEST_F(Windows, TakeQos0AndQos1InTheOrderInWhichTheyCame) {
  route("SELECT collect($body.n, 10) AS all FROM 'plant/#' GROUP BY Tumbling(1m) INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos0("plant/1", R"({"n":1})"));
  sensor.publish(qos1(1, "plant/1", R"({"n":2})"));
  sensor.publish(qos0("plant/1", R"({"n":3})"));
  sensor.publish(qos1(2, "plant/1", R"({"n":4})"));
  sensor.publish(qos0("plant/1", R"({"n":5})"));
  commit();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"all":[1,2,3,4,5]})"));
}

TEST_F(Windows, DropQos0BeyondTheirRoomAndCountIt) {
  route(kMinuteAverages);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (size_t i = 0; i < Inputs::kMessagesMax + 3; ++i) sensor.publish(qos0("plant/1", R"({"m":"a","t":1})"));
  EXPECT_EQ(engine_->computer().dropped(), 3u);
  commit();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("n":4096)")));
}

TEST_F(Windows, PublishTheirResultsOnceTheyAreDurable) {
  route("SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1m) INTO Topic('insights/n')");
  route("SELECT $body.n AS again FROM 'insights/#' INTO $upstream");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("insights/#", 0)});
  publish("plant/1", "{}");
  clock_.advance_ms(60'000);
  engine_->tick();
  EXPECT_THAT(reader.read(), IsEmpty());
  commit();
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr(R"(insights/n={"n":1})")));
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"again":1})"));
}

TEST_F(Windows, FeedOtherWindows) {
  route("SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1m) INTO Topic('counts')");
  route("SELECT sum($body.n) AS n FROM 'counts' GROUP BY Tumbling(5m) INTO $upstream");
  for (int i = 0; i < 12; ++i) {
    publish("plant/1", "{}");
    pass(30'000);
  }
  pass(300'000);
  uint64_t sum = 0;
  for (const std::string& body : waiting("$upstream")) sum += std::stoul(body.substr(body.find(':') + 1));
  EXPECT_EQ(sum, 12u);
}

TEST_F(Windows, ThatFeedThemselvesComeToAnEnd) {
  route("SELECT count(*) AS n FROM 'a' GROUP BY Count(1) INTO Topic('a')");
  publish("a", "{}");
  pass(1'000);
  EXPECT_EQ(inputs_waiting(), 0u);
}

TEST_F(Windows, LoseNothingAndCountNothingTwiceOverACrashInTheMiddle) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  pass(2'000);  // its state is stored, and it has ended
  publish("plant/1", R"({"m":"a","t":2})");
  store_.remember_commits();
  clock_.advance_ms(2'000);
  engine_->tick();  // computed; the Change is lost
  crash();
  publish("plant/1", R"({"m":"a","t":6})");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("mean":3,"n":3)")));
}

TEST_F(Windows, GiveAResultOnceOverACrashWhileItIsGiven) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  pass(59'000);
  store_.remember_commits();
  clock_.advance_ms(1'000);
  engine_->tick();  // given; lost
  crash();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  pass(0);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("n":1)")));
  crash();
  pass(60'000);
  EXPECT_EQ(waiting("$upstream").size(), 1u);
}

TEST_F(Windows, GoBackToWhatIsDurableWhenTheStoreFails) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  pass(59'000);
  store_.fail_next_commit({core::Errc::io, "disk gone"});
  pass(1'000);
  store_.recover();
  commit();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  pass(1'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("mean":1,"n":1)")));
}

// Each message counts in two windows: a result that forgot how far its message has come would go round for ever.
TEST_F(Windows, OfSeveralHopsThatFeedThemselvesComeToAnEnd) {
  route("SELECT count(*) AS n FROM 'a' GROUP BY Hopping(2s, 1s) INTO Topic('a')");
  publish("a", "{}");
  for (int second = 0; second < 40; ++second) {
    pass(1'000);
    store_.remember_commits();
    if (second % 3 == 0) crash();
  }
  const uint64_t inputs = store_.stats(*store_.find_queue("$computing")).in;
  for (int second = 0; second < 10; ++second) pass(1'000);
  EXPECT_EQ(store_.stats(*store_.find_queue("$computing")).in, inputs);
}

TEST_F(Windows, KeepTheirStateOverAReloadThatDoesNotConcernThem) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  route("FROM 'other/#' INTO $upstream");
  publish("plant/1", R"({"m":"a","t":3})");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("mean":2,"n":2)")));
}

TEST_F(Windows, KeepTheirStateWhenOnlyTheListChanges) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  routes_.entries[0].text =
      "SELECT avg($body.t) AS average, count(*) AS number FROM 'plant/#' GROUP BY $body.m, Tumbling(1m) INTO "
      "$upstream";
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  commit();
  publish("plant/1", R"({"m":"a","t":3})");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"average":2,"number":2})"));
}

TEST_F(Windows, BeginAnewWhenTheWindowChanges) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  routes_.entries[0].text = "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(2m) INTO $upstream";
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  commit();
  publish("plant/1", R"({"m":"a","t":3})");
  pass(120'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("machine":"a")"), R"({"n":1})"));
}

TEST_F(Windows, DoNotCountWhatCameBeforeThem) {
  route(kMinuteAverages);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "plant/1", R"({"m":"a","t":1})"));  // waits when the next route comes
  route("SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1m) INTO $upstream");
  sensor.publish(qos1(2, "plant/1", R"({"m":"a","t":1})"));
  commit();
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ::testing::UnorderedElementsAre(HasSubstr(R"("n":2)"), R"({"n":1})"));
}

TEST_F(Windows, LeaveNothingBehindWhenTheirRoutesGo) {
  route(kMinuteAverages);
  publish("plant/1", R"({"m":"a","t":1})");
  remove_routes();
  commit();
  pass(1'000);
  pass(1'000);
  EXPECT_FALSE(store_.find_queue("$computing"));
  int values = 0;
  for (const std::string_view prefix : {kComputationPrefix, kStatePrefix, kDrainPrefix})
    (void)store_.for_each(prefix, [&](std::string_view, std::string_view) {
      ++values;
      return core::Status();
    });
  EXPECT_EQ(values, 0);
}

TEST_F(Windows, PassAMessageOnAsItIsThroughAFilterThatRemembers) {
  route("FROM 'plc/+' WHERE changed($body.v, 1) INTO $upstream, Topic('thin')");
  for (const char* body : {R"({"v":1})", R"({"v": 1.5})", R"({"v": 3})", R"({"v": 3.2})"})
    publish("plc/a", body);
  publish("plc/b", R"({"v":1})");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"v":1})", R"({"v": 3})", R"({"v":1})"));
  const auto passed = entries("$upstream");
  EXPECT_EQ(passed[0].message->topic, "plc/a");
  EXPECT_TRUE(passed[0].message->source);
  EXPECT_THAT(passed[0].message->props().user, IsEmpty());
}

TEST_F(Windows, PassQos0OnAtQos0) {
  route("FROM 'plc/+' WHERE changed($body.v) INTO Topic('thin')");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("thin", 1)});
  publish("plc/a", R"({"v":1})", 0);
  publish("plc/a", R"({"v":1})", 0);
  EXPECT_THAT(reader.read(), ElementsAre(R"(PUBLISH q0 thin={"v":1})"));
}

TEST_F(Windows, RememberWhatTheyForwardedOverACrash) {
  route("FROM 'plc/+' WHERE changed($body.v, 1) INTO $upstream");
  publish("plc/a", R"({"v":1})");
  store_.remember_commits();
  crash();
  publish("plc/a", R"({"v":1.5})");
  publish("plc/a", R"({"v":2.5})");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"v":1})", R"({"v":2.5})"));
}

// Random inputs, with crashes between any two steps: byte for byte what they give without.
TEST_F(Windows, GiveTheSameResultsHoweverOftenTheHubIsKilled) {
  const auto run = [this](uint32_t seed, bool crashes) {
    std::mt19937 random(seed);
    std::mt19937 luck(seed + 1);
    const auto maybe_crash = [&] {
      if (crashes && luck() % 3 == 0) crash();
    };
    for (int i = 0; i < 60; ++i) {
      const std::string body = R"({"m":")" + std::string(1, static_cast<char>('a' + random() % 3)) +
                               R"(","t":)" + std::to_string(random() % 100) + "}";
      publish("plant/1", body);
      store_.remember_commits();
      const int64_t ms = static_cast<int64_t>(random() % 30'000);
      if (luck() % 2 == 0) {
        clock_.advance_ms(ms);
        engine_->tick();
      } else {
        clock_.advance_ms(ms);
      }
      maybe_crash();
      commit();
    }
    pass(120'000);
    std::vector<std::string> bodies = waiting("$upstream");
    std::ranges::sort(bodies);  // a tick may come between groups, or not
    return bodies;
  };
  route(
      "SELECT $body.m AS machine, avg($body.t) AS mean, stddev($body.t) AS sd, count(*) AS n FROM 'plant/#' "
      "GROUP BY $body.m, Tumbling(1m) INTO $upstream");
  const int64_t began_ms = clock_.now().hub_ms;
  const auto expected = run(7, false);
  ASSERT_GT(expected.size(), 10u);
  (void)store_.purge(*store_.find_queue("$upstream"));
  commit();
  const int64_t later_ms = clock_.now().hub_ms - began_ms;
  clock_.advance_ms(60'000 - later_ms % 60'000);
  EXPECT_EQ(run(7, true), expected);
}

}  // namespace
}  // namespace headgate::hub
