// Routes with windows that change or go: what becomes of the windows that are open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kByMinute =
    "SELECT $body.m AS machine, count(*) AS n, $window.complete AS complete FROM 'plant/#' "
    "GROUP BY $body.m, Tumbling(1m) INTO $upstream";
constexpr const char* kByTwoMinutes =
    "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(2m) INTO $upstream";

class Drains : public Windows {
 protected:
  void change_to(std::string text) {
    routes_.entries[0].text = std::move(text);
    reload();
  }
  void reload() { ASSERT_TRUE(engine_->use_routes(routes_, 0)); }
  // The writer and the loop go on until nothing is left to do.
  void settle() {
    for (int i = 0; i < 3; ++i) pass(1'000);
  }
  // However many.
  std::vector<std::string> given() {
    std::vector<std::string> bodies;
    const store::ReadLimit all{10'000, size_t{64} << 20};
    const auto read = store_.read(*store_.find_queue("$upstream"), store::kDefaultLane, 0, all, clock_.now());
    for (const store::Entry& entry : *read) bodies.push_back(entry.message->body);
    return bodies;
  }
  std::vector<std::string> stored(std::string_view prefix) {
    std::vector<std::string> keys;
    (void)store_.for_each(prefix, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return core::Status();
    });
    return keys;
  }
};

TEST_F(Drains, GiveOpenWindowsAsTheyAreWhenTheWindowChanges) {
  route(kByMinute);
  publish("plant/1", R"({"m":"a"})");
  publish("plant/1", R"({"m":"a"})");
  publish("plant/1", R"({"m":"b"})");
  change_to(kByTwoMinutes);
  settle();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"machine":"a","n":2,"complete":false})",
                                                R"({"machine":"b","n":1,"complete":false})"));
  publish("plant/1", R"({"m":"a"})");
  pass(120'000);
  EXPECT_THAT(waiting("$upstream"), Contains(R"({"n":1})"));
  EXPECT_THAT(stored(kDrainPrefix), IsEmpty());
}

TEST_F(Drains, SayInTheResultThatItIsNotComplete) {
  route(kByMinute);
  publish("plant/1", R"({"m":"a"})");
  change_to(kByTwoMinutes);
  settle();
  const auto results = entries("$upstream");
  ASSERT_EQ(results.size(), 1u);
  EXPECT_THAT(results[0].message->props().user, Contains(core::UserProperty{"complete", "false"}));
  EXPECT_THAT(results[0].message->props().user, Contains(core::UserProperty{"route", "r0"}));
}

TEST_F(Drains, GiveNothingWhereTheRouteIsToRestart) {
  route(kByMinute);
  publish("plant/1", R"({"m":"a"})");
  routes_.entries[0].on_change = routing::OnChange::restart;
  change_to(kByTwoMinutes);
  settle();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_THAT(stored(kDrainPrefix), IsEmpty());
  EXPECT_EQ(stored(kComputationPrefix).size(), 1u);
  EXPECT_THAT(stored(kStatePrefix), IsEmpty());
}

TEST_F(Drains, TakeWhatCameBeforeTheChangeAndIsNotComputedYet) {
  route(kByMinute);
  commit();
  auto sensor = client();
  sensor.connect(testing::v5("sensor"));
  sensor.publish(testing::qos1(1, "plant/1", R"({"m":"a"})"));
  sensor.publish(testing::qos0("plant/1", R"({"m":"a"})"));
  change_to(kByTwoMinutes);
  sensor.publish(testing::qos1(2, "plant/1", R"({"m":"late"})"));
  commit();
  settle();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("machine":"a","n":2)")));
}

TEST_F(Drains, GiveWhatWasOverByThenAsComplete) {
  route(kByMinute);
  publish("plant/1", R"({"m":"a"})");
  clock_.advance_ms(61'000);  // no tick has come since
  change_to(kByTwoMinutes);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"machine":"a","n":1,"complete":true})"));
}

TEST_F(Drains, CountTheRevisionOfAWindowOn) {
  route(
      "SELECT count(*) AS n, $window.rev AS rev FROM 'plant/#' TIMESTAMP BY $body.ts GROUP BY Tumbling(1m) INTO "
      "$upstream");
  routes_.entries[0].limits.tolerance_ms = 30'000;
  reload();
  const auto at = [this](int64_t ago_ms) {
    return R"({"ts":)" + std::to_string(clock_.now().hub_ms - ago_ms) + "}";
  };
  publish("plant/1", at(0));
  pass(100'000);
  publish("plant/1", at(0));
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"rev":0})"));
  publish("plant/1", at(100'000));  // late: its revision is owed
  change_to(kByTwoMinutes);
  settle();
  EXPECT_THAT(waiting("$upstream"),
              ElementsAre(R"({"n":1,"rev":0})", R"({"n":2,"rev":1})", R"({"n":1,"rev":0})"));
}

TEST_F(Drains, LeadWhereTheRouteLedBefore) {
  route(
      "SELECT count(*) AS n FROM 'plant/#' GROUP BY Tumbling(1m) INTO BrokeredEndpoint('/modules/m/inputs/i')");
  publish("plant/1", "{}");
  change_to(kByTwoMinutes);
  settle();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre(R"({"n":1})"));
  auto module = client();
  module.connect(testing::v5("m"));
  module.subscribe(1, {testing::to("modules/m/inputs/i", 1)});
  commit();
  EXPECT_THAT(module.read(), Contains(HasSubstr(R"({"n":1})")));
}

TEST_F(Drains, GoTheWayOfTheQueueWhenTheRouteIsRemoved) {
  route(kByMinute);
  publish("plant/1", R"({"m":"a"})");
  remove_routes();
  settle();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("n":1,"complete":false)")));
  EXPECT_THAT(stored(kComputationPrefix), IsEmpty());
  EXPECT_THAT(stored(kStatePrefix), IsEmpty());
  EXPECT_FALSE(store_.find_queue("$computing"));
}

TEST_F(Drains, GiveNothingForARouteThatIsPurged) {
  routing::QueueRule rule;
  rule.on_remove = routing::OnRemove::purge;
  route(kByMinute, {}, 0, rule);
  publish("plant/1", R"({"m":"a"})");
  remove_routes();
  settle();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_THAT(stored(kStatePrefix), IsEmpty());
}

TEST_F(Drains, KeepWindowsOpenUntilTheirRouteComesAgainIfItSaysSo) {
  routing::QueueRule rule;
  rule.on_remove = routing::OnRemove::keep;
  route(kByMinute, {}, 0, rule);
  publish("plant/1", R"({"m":"a"})");
  const auto entries = std::exchange(routes_.entries, {});
  reload();
  commit();
  publish("plant/1", R"({"m":"a"})");  // nobody's
  store_.remember_commits();
  crash();
  routes_.entries = entries;
  reload();
  commit();
  publish("plant/1", R"({"m":"a"})");
  pass(60'000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(HasSubstr(R"("n":2)")));
}

TEST_F(Drains, OfARouteWhoseSinkIsFullWaitForRoom) {
  routing::QueueRule rule;
  rule.messages_max = 2;
  rule.on_full = core::OnFull::reject;
  route(
      "SELECT $body.m AS m FROM 'plant/#' GROUP BY $body.m, Tumbling(1m) INTO "
      "BrokeredEndpoint('/modules/m/inputs/i')",
      {}, 0, rule);
  route("FROM 'other' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, rule);
  publish("other", "1");
  for (const char* machine : {"a", "b"}) publish("plant/1", R"({"m":")" + std::string(machine) + R"("})");
  change_to(kByTwoMinutes);
  settle();
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("1", R"({"m":"a"})"));
  EXPECT_THAT(waiting("$results/r0"), ElementsAre(R"({"m":"b"})"));
  const auto first = entries("modules/m/inputs/i");
  store_.finish(*store_.find_queue("modules/m/inputs/i"), store::kDefaultLane, first[0].seq,
                store::Outcome::delivered);
  commit();
  settle();
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre(R"({"m":"a"})", R"({"m":"b"})"));
}

TEST_F(Drains, GiveNoMoreThanOneTurnMay) {
  route(kByMinute);
  for (int i = 0; i < 600; ++i) publish("plant/1", R"({"m":")" + std::to_string(i) + R"("})");
  pass(1'000);
  change_to(kByTwoMinutes);
  size_t before = 0;
  for (int i = 0; i < 60 && before < 600; ++i) {
    step();
    const size_t now = given().size();
    EXPECT_LE(now - before, Computer::kResultsATurn);
    before = now;
  }
  EXPECT_EQ(before, 600u);
}

// A drain of 600 groups, in several steps, with the hub killed after each number of turns of loop and writer.
class KilledDrains : public Drains, public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(AtEveryStep, KilledDrains, ::testing::Range(0, 24));

TEST_P(KilledDrains, GiveEachWindowOnce) {
  route(kByMinute);
  std::vector<std::string> expected;
  for (int i = 0; i < 600; ++i) {
    const std::string machine = std::to_string(i);
    publish("plant/1", R"({"m":")" + machine + R"("})");
    expected.push_back(R"({"machine":")" + machine + R"(","n":1,"complete":false})");
  }
  pass(1'000);
  store_.remember_commits();
  change_to(kByTwoMinutes);
  for (int turn = 0; turn < GetParam(); ++turn) {
    step();
    if (turn % 4 == 3) engine_->tick();
  }
  crash();
  settle();
  std::vector<std::string> results = given();
  std::ranges::sort(results);
  std::ranges::sort(expected);
  EXPECT_EQ(results, expected);
  EXPECT_THAT(stored(kDrainPrefix), IsEmpty());
  EXPECT_THAT(stored(kStatePrefix), IsEmpty());
  publish("plant/1", R"({"m":"a"})");
  pass(120'000);
  EXPECT_THAT(given(), Contains(R"({"n":1})"));
}

}  // namespace
}  // namespace headgate::hub
