// What routes say about queues: their limits, and what becomes of them when their last route is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/edge/c2d/queues.h"
#include "hub/edge/topics.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using routing::OnFull;
using routing::OnRemove;
using routing::QueueRule;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos1;
using testing::to;
using testing::v5;

constexpr std::string_view kInput = "modules/m/inputs/i";

class QueueRulesTest : public EngineTest {
 protected:
  void route_in(const QueueRule& rule) {
    route("FROM 't' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, rule);
  }
  void publish(const std::string& letters) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    uint16_t id = 0;
    for (const char letter : letters) {
      sensor.publish(qos1(++id, "t", std::string(1, letter)));
      commit();
    }
  }
  testing::Lines module_gets() {
    auto module = client();
    module.connect(kept(v5("m")));
    module.subscribe(1, {to(kInput, 1)});
    commit();
    testing::Lines all = module.read();
    std::erase_if(all, [](const std::string& line) { return !line.starts_with("PUBLISH"); });
    return all;
  }
  const store::QueuePolicy& policy(std::string_view queue) {
    return store_.stats(*store_.find_queue(queue)).policy;
  }
};

TEST_F(QueueRulesTest, GiveAQueueTheLimitsOfItsRoute) {
  route_in({.bytes_max = 10, .messages_max = 2, .age_max_ms = 5, .on_full = OnFull::drop_oldest});
  EXPECT_EQ(policy(kInput), (store::QueuePolicy{2, 10, 5, store::OnFull::drop_oldest}));
}

TEST_F(QueueRulesTest, LeavesItsLimitToAQueueOfMessagesToADevice) {
  const std::string name = device_queue_name("leaf-1");
  const auto queue = store_.open_queue(name, {store::QueueKind::input});
  ASSERT_TRUE(queue);
  core::Message message;
  message.topic = name;
  message.arrived_ms = message.arrived_hub_ms = 1'000;
  const store::Target target{.queue = *queue};
  ASSERT_TRUE(store_.append(std::make_shared<const core::Message>(message), {&target, 1}));
  commit();
  restart();
  EXPECT_EQ(policy(name), kDeviceQueuePolicy);
  route_in({.messages_max = 2});  // as with each reload
  EXPECT_EQ(policy(name), kDeviceQueuePolicy);
}

TEST_F(QueueRulesTest, FillInWhatARouteDoesNotSayFromTheHubsLimits) {
  limits_.queue = {100, 1'000, 0, store::OnFull::dilute};
  restart();
  route_in({.messages_max = 0});
  EXPECT_EQ(policy(kInput), (store::QueuePolicy{0, 1'000, 0, store::OnFull::dilute}));
  EXPECT_EQ(policy("$upstream"), store::QueuePolicy{}) << "no route leads there";
}

TEST_F(QueueRulesTest, ThinOnlyWhatALinkSends) {
  route_in({.bytes_max = 10, .on_full = OnFull::thin});
  route("FROM 't' INTO $upstream", {}, 0, {.bytes_max = 10, .on_full = OnFull::thin});
  EXPECT_EQ(policy(kInput), (store::QueuePolicy{0, 10, 0, store::OnFull::dilute}));
  EXPECT_EQ(policy("$upstream"), (store::QueuePolicy{0, 10, 0, store::OnFull::thin}));
}

TEST_F(QueueRulesTest, OfTwoRoutesGiveTheTighterLimitAndSaySo) {
  route_in({.messages_max = 7});
  route_in({.messages_max = 3, .on_full = OnFull::drop_oldest});
  EXPECT_EQ(policy(kInput), (store::QueuePolicy{3, 0, 0, store::OnFull::drop_oldest}));
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("queue_rules_differ")));
}

TEST_F(QueueRulesTest, HoldAgainAfterARestart) {
  route_in({.messages_max = 2, .on_full = OnFull::drop_oldest});
  publish("abc");
  restart();
  publish("d");
  EXPECT_THAT(waiting(kInput), ElementsAre("c", "d"));
}

TEST_F(QueueRulesTest, DrainDeliversWhatWaitsAndThenRemovesTheQueue) {
  route_in({});
  publish("a");
  remove_routes();
  engine_->tick();
  EXPECT_THAT(waiting(kInput), ElementsAre("a"));
  auto module = client();
  module.connect(v5("m"));
  module.subscribe(1, {to(kInput, 1)});
  commit();
  EXPECT_THAT(module.read(), Contains("PUBLISH q1 id1 modules/m/inputs/i=a"));
  module.puback(1);
  commit();
  engine_->tick();
  EXPECT_FALSE(store_.find_queue(kInput));
}

TEST_F(QueueRulesTest, KeepHoldsWhatWaitsUntilARouteIsBackAlsoOverARestart) {
  route_in({.on_remove = OnRemove::keep});
  publish("a");
  remove_routes();
  restart();
  EXPECT_THAT(module_gets(), IsEmpty());
  EXPECT_THAT(waiting(kInput), ElementsAre("a"));
  route_in({});
  EXPECT_THAT(module_gets(), ElementsAre("PUBLISH q1 id1 modules/m/inputs/i=a"));
}

TEST_F(QueueRulesTest, PurgeDropsWhatWaitsAndRemovesTheQueue) {
  route_in({.on_remove = OnRemove::purge});
  publish("ab");
  remove_routes();
  EXPECT_FALSE(store_.find_queue(kInput));
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("queue_purged")));
}

TEST_F(QueueRulesTest, PurgeAlsoWhenTheRouteWasRemovedWhileTheHubWasDown) {
  route_in({.on_remove = OnRemove::purge});
  publish("ab");
  routes_.entries.clear();
  restart();
  EXPECT_FALSE(store_.find_queue(kInput));
}

TEST_F(QueueRulesTest, PurgeEmptiesUpstreamOnceAndLeavesIt) {
  route("FROM 't' INTO $upstream", {}, 0, {.on_remove = OnRemove::purge});
  publish("ab");
  remove_routes();
  EXPECT_EQ(store_.stats(engine_->upstream_queue()).dropped, 2u);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(QueueRulesTest, AChangedRuleIsTheOneThatCounts) {
  route_in({.on_remove = OnRemove::purge});
  publish("a");
  routes_.entries.clear();
  route_in({});
  remove_routes();
  EXPECT_THAT(waiting(kInput), ElementsAre("a"));
}

TEST_F(QueueRulesTest, LimitTheQueuesOfPersistentSessionsAlsoThoseOfBefore) {
  limits_.session = {2, 0, 0, store::OnFull::drop_newest};
  restart();
  leave_session("reader", "t");
  publish("abc");
  EXPECT_THAT(waiting("session/reader"), ElementsAre("a", "b"));
  limits_.session.messages_max = 3;
  restart();
  publish("de");
  EXPECT_THAT(waiting("session/reader"), ElementsAre("a", "b", "d"));
}

}  // namespace
}  // namespace headgate::hub
