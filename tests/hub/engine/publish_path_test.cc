// The way of a PUBLISH: what is acknowledged when, and where it goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::Lines;
using ::testing::Not;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;
using testing::with_will;

using PublishPath = EngineTest;

TEST_F(PublishPath, PubackWaitsUntilEveryQueueHasItDurably) {
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "t", "x")), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(PublishPath, PubrecWaitsUntilItIsDurable) {
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos2(1, "t", "x")), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBREC 1"));
}

TEST_F(PublishPath, PubackComesAtOnceWhenNothingMustBeDurable) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "t", "x")), ElementsAre("PUBACK 1"));
  EXPECT_FALSE(store_.commit_pending());
}

TEST_F(PublishPath, AFailedStoreAcknowledgesNothing) {
  route("FROM /messages/* INTO $upstream");
  auto modern = client();
  auto old = client();
  modern.connect(v5("modern"));
  old.connect(v3("old"));
  commit();
  store_.fail_next_commit({core::Errc::io, "disk gone"});
  modern.publish(qos1(1, "t", "x"));
  old.publish(qos1(1, "t", "x"));
  commit();
  EXPECT_THAT(modern.read(), ElementsAre("PUBACK 1 83"));
  EXPECT_THAT(old.read(), ElementsAre("closed"));  // 3.1.1 has no way to refuse one publish
  EXPECT_EQ(engine_->store_error(), "disk gone");
  EXPECT_THAT(modern.publish(qos1(2, "t", "y")), ElementsAre("PUBACK 2 83"));
}

class StoreThatFails : public PublishPath {
 protected:
  void fail() {
    store_.fail_next_commit({core::Errc::io, "disk gone"});
    commit();
  }
  void recover() {
    store_.recover();
    commit();
  }
};

TEST_F(StoreThatFails, AnswersSubscribersOnceItHasRecovered) {
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  reader.subscribe(1, {to("t", 1)});
  fail();
  EXPECT_THAT(reader.subscribe(2, {to("u", 1)}), IsEmpty());
  recover();
  EXPECT_THAT(reader.read(), ElementsAre("SUBACK 1 01", "SUBACK 2 01"));
}

TEST_F(StoreThatFails, TakesWhatIsSentAgainOnceItHasRecovered) {
  route("FROM /messages/* INTO $upstream");
  auto modern = client();
  auto old = client();
  modern.connect(v5("modern"));
  old.connect(v3("old"));
  commit();
  modern.publish(qos1(1, "t", "modern"));
  old.publish(qos1(1, "t", "old"));
  fail();
  EXPECT_THAT(modern.read(), ElementsAre("PUBACK 1 83"));
  EXPECT_THAT(old.read(), ElementsAre("closed"));
  recover();
  EXPECT_EQ(engine_->store_error(), "");
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  auto again = client();
  again.connect(v3("old"));
  again.publish(qos1(1, "t", "old"));
  modern.publish(qos1(2, "t", "modern"));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(modern.read(), ElementsAre("PUBACK 2"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("old", "modern"));
}

TEST_F(StoreThatFails, TakesAQos2PublishOfTheSameIdAsANewOneAfterwards) {
  auto sensor = client();
  sensor.connect(kept(v5("sensor")));
  commit();
  sensor.publish(qos2(1, "t", "lost"));
  fail();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBREC 1 83"));
  recover();
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("t", 0)});
  sensor.publish(qos2(1, "t", "new"));
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBREC 1"));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 t=new"));
}

TEST_F(StoreThatFails, SendsAConsumerNothingTwiceThatItAcknowledgedMeanwhile) {
  auto reader = client();
  auto sensor = client();
  reader.connect(kept(v5("reader")));
  sensor.connect(v5("sensor"));
  reader.subscribe(1, {to("t", 1)});
  commit();
  reader.read();
  sensor.publish(qos1(1, "t", "a"));
  commit();
  const auto sent = reader.read();
  ASSERT_EQ(sent.size(), 1u);
  sensor.publish(qos1(2, "t", "b"));
  fail();
  reader.puback(1);
  recover();
  sensor.publish(qos1(3, "t", "b"));
  commit();
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr("b")));
  EXPECT_THAT(waiting("session/reader"), ElementsAre("b"));
}

TEST_F(PublishPath, SendsAllRetainedMessagesToWhoeverReads) {
  constexpr int kMany = 12'000;  // more than may wait for a client otherwise
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (int i = 0; i < kMany; ++i) {
    const std::string topic = "t/" + std::to_string(i);
    auto keep = qos1(1, topic, "x");
    keep.retain = true;
    sensor.publish(keep);
    commit();
  }
  auto reader = client();
  reader.connect(v5("reader"));
  Lines lines = reader.subscribe(1, {to("t/#", 1)});
  const auto take = [&lines](const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); };
  for (int id = 1; id <= kMany; ++id) {
    commit();
    take(reader.read());
    take(reader.puback(static_cast<uint16_t>(id)));
  }
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("PUBLISH"); }),
            kMany);
  EXPECT_EQ(engine_->broker().find("reader")->stats().dropped, 0u);
}

TEST_F(PublishPath, TwoRoutesToOneEndpointDeliverOnceWithTheBestPriority) {
  route("FROM /messages/* INTO $upstream", 5);
  route("FROM 't' INTO $upstream", 1);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "t", "x"));
  commit();
  const auto& stats = store_.stats(engine_->upstream_queue());
  EXPECT_EQ(stats.waiting(), 1u);
  EXPECT_EQ(stats.lanes[1].waiting, 1u);
}

TEST_F(PublishPath, ARoutesTimeToLiveExpiresTheEntry) {
  route("FROM /messages/* INTO $upstream", {}, 10);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "t", "x"));
  commit();
  clock_.advance_ms(10'000);
  engine_->tick();
  const auto& stats = store_.stats(engine_->upstream_queue());
  EXPECT_EQ(stats.waiting(), 0u);
  EXPECT_EQ(stats.expired, 1u);
}

TEST_F(PublishPath, ARoutesTimeToLiveExpiresTheEntryBehindOneThatLivesLonger) {
  route("FROM 'long' INTO $upstream");
  route("FROM 'short' INTO $upstream", {}, 10);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "long", "stays"));
  sensor.publish(qos1(2, "short", "goes"));
  commit();
  clock_.advance_ms(10'000);
  engine_->tick();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("stays"));
  EXPECT_EQ(store_.stats(engine_->upstream_queue()).expired, 1u);
}

TEST_F(PublishPath, ATopicSinkReachesSubscribersAndOtherRoutes) {
  route("FROM 'raw' INTO Topic('cooked')");
  route("FROM 'cooked' INTO $upstream");
  auto watcher = client();
  watcher.connect(v5("watcher"));
  watcher.subscribe(1, {to("cooked")});
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "raw", "x"));
  commit();
  EXPECT_THAT(watcher.read(), ElementsAre("PUBLISH q0 cooked=x"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
}

TEST_F(PublishPath, ATopicSinkRetainsIfItsRouteSaysSo) {
  route("FROM 'a' INTO Topic('plain')");
  route_retaining("FROM 'a' INTO Topic('kept')");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  broker::Publish publish = qos1(1, "a", "x");
  publish.retain = true;
  sensor.publish(publish);
  sensor.publish(qos1(2, "a", "y"));
  commit();
  sensor.lose_hub();
  restart();
  auto late = client();
  late.connect(v5("late"));
  testing::Lines lines = late.subscribe(1, {to("#")});
  commit();
  for (const std::string& line : late.read()) lines.push_back(line);
  EXPECT_THAT(lines, ::testing::IsSupersetOf({"PUBLISH q0 retain a=x", "PUBLISH q0 retain kept=y"}));
  EXPECT_FALSE(store_.get("retained/plain"));
}

TEST_F(PublishPath, AnEmptyBodyFromARetainingRouteErasesWhatIsRetained) {
  route_retaining("FROM 'a' INTO Topic('kept')");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "a", "x"));
  commit();
  EXPECT_TRUE(store_.get("retained/kept"));
  sensor.publish(qos1(2, "a", ""));
  commit();
  EXPECT_FALSE(store_.get("retained/kept"));
}

TEST_F(PublishPath, ARetainingRouteWithoutRoomStillReachesEverybodyElse) {
  options_.retained = {1, 1000};
  restart();
  route_retaining("FROM 'in/+' INTO Topic('kept')");
  route("FROM 'kept' INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  broker::Publish other = qos1(1, "other", "x");
  other.retain = true;
  sensor.publish(other);
  commit();
  sensor.publish(qos1(2, "in/1", "y"));
  commit();
  EXPECT_THAT(sensor.read(), ::testing::Contains("PUBACK 2"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("y"));
  EXPECT_FALSE(store_.get("retained/kept"));
  EXPECT_EQ(engine_->ingest_stats().not_retained, 1u);
}

TEST_F(PublishPath, ALoopOfTopicSinksEndsAtTheHopLimit) {
  route("FROM 'a' INTO Topic('b')");
  route("FROM 'b' INTO Topic('a')");
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "a", "x"));
  commit();
  EXPECT_EQ(waiting("$upstream").size(), 1u + routing::kMaxHops);
  EXPECT_THAT(log_.lines(), ::testing::Contains(HasSubstr("hop_limit")));
}

TEST_F(PublishPath, RoutesThatFeedThemselvesAndEachOtherDoNotMultiplyAMessage) {
  route("FROM 'x/#' INTO Topic('x/a')");
  route("FROM 'x/#' INTO Topic('x/b')");
  route("FROM 'x/#' INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "x/c", "x"));
  commit();
  EXPECT_EQ(waiting("$upstream").size(), 1u + 2u * routing::kMaxHops);
}

TEST_F(PublishPath, OnlyTheHubPublishesToInputsAndDollarTopics) {
  auto intruder = client();
  intruder.connect(v5("intruder"));
  EXPECT_THAT(intruder.publish(qos1(1, "modules/m/inputs/i", "x")), ElementsAre("PUBACK 1 87"));
  EXPECT_THAT(intruder.publish(qos1(2, "$SYS/x", "x")), ElementsAre("PUBACK 2 87"));
  EXPECT_EQ(engine_->broker().denied().publish, 2u);
}

// A module that subscribes to `modules/m/inputs/#` gets these as well.
TEST_F(PublishPath, OnlyTheHubPublishesWhereAModuleListensToItsInputs) {
  auto module = client();
  module.connect(v5("m"));
  module.subscribe(1, {to("modules/m/inputs/#", 1)});
  auto intruder = client();
  intruder.connect(v5("intruder"));
  for (const char* topic :
       {"modules/m/inputs", "modules/m/inputs/", "modules/m/inputs/i/deep", "modules//inputs/i"})
    EXPECT_THAT(intruder.publish(qos1(1, topic, "x")), ElementsAre("PUBACK 1 87")) << topic;
  EXPECT_THAT(intruder.publish(qos1(1, "modules/m/input", "x")), Not(ElementsAre("PUBACK 1 87")));
  EXPECT_THAT(intruder.publish(qos1(2, "a/modules/m/inputs/i", "x")), Not(ElementsAre("PUBACK 2 87")));
  EXPECT_THAT(module.read(), IsEmpty());
}

TEST_F(PublishPath, OverlappingSubscriptionsDeliverOnceAtTheHighestQos) {  // [MQTT-3.3.4-2]
  auto watcher = client();
  watcher.connect(v5("watcher"));
  watcher.subscribe(1, {to("a/#", 0), to("a/+", 1)});
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "a/b", "x"));
  EXPECT_THAT(watcher.read(), ElementsAre("PUBLISH q1 id1 a/b=x"));
}

TEST_F(PublishPath, NoLocalKeepsAClientsOwnMessagesFromIt) {  // [MQTT-3.8.3-3]
  auto self = client();
  self.connect(v5("self"));
  auto request = to("a", 0);
  request.no_local = true;
  self.subscribe(1, {request});
  EXPECT_THAT(self.publish(qos0("a", "x")), IsEmpty());
}

TEST_F(PublishPath, RetainedMessagesSurviveARestart) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  auto keep = qos1(1, "t", "x");
  keep.retain = true;
  EXPECT_THAT(sensor.publish(keep), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  sensor.drop();
  restart();
  auto watcher = client();
  watcher.connect(v5("watcher"));
  EXPECT_THAT(watcher.subscribe(1, {to("#")}), ElementsAre("SUBACK 1 00", "PUBLISH q0 retain t=x"));
}

TEST_F(PublishPath, ForgetsRetainedMessagesThatHaveExpired) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  auto keep = qos1(1, "t", "x");
  keep.retain = true;
  keep.properties.expiry_s = 10;
  sensor.publish(keep);
  commit();
  clock_.advance_ms(60'000);
  engine_->tick();
  commit();
  EXPECT_FALSE(store_.get("retained/t"));
}

TEST_F(PublishPath, DoesNotReadAClientWhosePublishesFillTheStoresQueue) {
  route("FROM /messages/* INTO $upstream");
  auto burst = client();
  burst.connect(v3("burst"));
  burst.publish(qos1(1, "t", std::string(200'000, 'x')));
  EXPECT_TRUE(burst.is_read());
  burst.publish(qos1(2, "t", std::string(200'000, 'x')));
  EXPECT_FALSE(burst.is_read());
  commit();
  EXPECT_TRUE(burst.is_read());
}

// A hub that may retain one message and has done so, with a route and a live subscriber that want more.
class HubThatMayRetainOne : public EngineTest {
 protected:
  HubThatMayRetainOne() {
    options_.retained = {1, 1000};
    restart();
  }
};

class TooManyRetained : public HubThatMayRetainOne {
 protected:
  TooManyRetained() {
    route("FROM '#' INTO $upstream");
    listener_.connect(v5("listener"));
    listener_.subscribe(1, {to("#", 1)});
    sensor_.connect(v5("sensor"));
    publish(sensor_, qos1(1, "first", "x"));
    listener_.read();
  }
  Lines publish(ScriptedClient& from, broker::Publish publish) {
    publish.retain = true;
    Lines lines = from.publish(publish);
    commit();
    for (const std::string& line : from.read()) lines.push_back(line);
    return lines;
  }

  ScriptedClient listener_ = client();
  ScriptedClient sensor_ = client();
};

TEST_F(TooManyRetained, IsNotRetainedButGoesToAllWhoWantIt) {
  EXPECT_THAT(publish(sensor_, qos1(2, "b", "y")), ElementsAre("PUBACK 2"));
  EXPECT_EQ(sensor_.reason(), "not retained: the hub keeps as many retained messages as it may");
  EXPECT_THAT(listener_.read(), ElementsAre("PUBLISH q1 id2 b=y"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x", "y"));
  EXPECT_FALSE(store_.get("retained/b"));
  EXPECT_EQ(engine_->ingest_stats().not_retained, 1u);
  EXPECT_EQ(engine_->ingest_stats().refused, 0u);
}

TEST_F(TooManyRetained, IsAnsweredAsEverAtQos2AndInVersion3) {
  EXPECT_THAT(publish(sensor_, qos2(2, "b", "y")), ElementsAre("PUBREC 2"));
  EXPECT_EQ(sensor_.reason(), "not retained: the hub keeps as many retained messages as it may");
  auto old = client();
  old.connect(v3("old"));
  EXPECT_THAT(publish(old, qos1(1, "c", "z")), ElementsAre("PUBACK 1"));
  publish(sensor_, qos0("d", "0"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x", "y", "z", "0"));
}

TEST_F(TooManyRetained, IsSaidOnceAMinute) {
  for (uint16_t id = 2; id < 10; ++id) publish(sensor_, qos1(id, "b", "y"));
  EXPECT_THAT(log_.lines(), ::testing::Contains(::testing::StartsWith("not_retained topic=b ")).Times(1));
}

TEST_F(TooManyRetained, StillLetsWhatIsRetainedBeReplacedAndErased) {
  publish(sensor_, qos1(2, "first", "in the place of the old one"));
  EXPECT_TRUE(store_.get("retained/first"));
  publish(sensor_, qos1(3, "first", ""));
  EXPECT_FALSE(store_.get("retained/first"));
  publish(sensor_, qos1(4, "b", "y"));
  EXPECT_TRUE(store_.get("retained/b"));
  EXPECT_EQ(engine_->ingest_stats().not_retained, 0u);
}

TEST_F(TooManyRetained, LosesNoWill) {
  auto dying = client();
  auto connect = with_will(v5("dying"));
  connect.will->retain = true;
  dying.connect(connect);
  dying.drop();
  commit();
  EXPECT_THAT(listener_.read(), ElementsAre("PUBLISH q1 id2 will=gone"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x", "gone"));
  EXPECT_FALSE(store_.get("retained/will"));
}

TEST_F(PublishPath, ANullSinkEndsTheMessage) {
  route("FROM 't' INTO $null");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "t", "x")), ElementsAre("PUBACK 1"));
}

}  // namespace
}  // namespace headgate::hub
