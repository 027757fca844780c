// What publishers see of a queue that is full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::hub {
namespace {

using routing::OnFull;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::to;
using testing::v3;
using testing::v5;

// `$upstream` holds one message and has one.
class FullQueue : public EngineTest {
 protected:
  struct Counts {
    size_t waiting = 0;
    size_t paused = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };
  [[nodiscard]] Counts clients() const {
    Counts counts;
    engine_->held().for_each([&](const HeldClient& client) {
      ++counts.waiting;
      counts.paused += client.paused ? 1 : 0;
    });
    return counts;
  }
  // As many publishes as may be held, without an answer.
  void publish_up_to_the_bound(testing::ScriptedClient& sensor) {
    for (uint16_t id = 1; id <= HeldLimits{}.publishes_max; ++id)
      EXPECT_THAT(sensor.publish(qos1(id, "up", "x")), IsEmpty());
  }
  FullQueue() {
    route("FROM 'up' INTO $upstream", {}, 0, {.messages_max = 1});
    auto first = client();
    first.connect(v5("first"));
    first.publish(qos1(1, "up", "first"));
    commit();
    first.disconnect();
  }

  // The far side takes what waits.
  void drain() {
    const store::QueueId queue = engine_->upstream_queue();
    const auto entries = store_.read(queue, store::kDefaultLane, 0, {}, clock_.now());
    for (const store::Entry& entry : *entries)
      store_.finish(queue, store::kDefaultLane, entry.seq, store::Outcome::delivered);
    commit();
  }
  void wait_s(int64_t seconds) {
    for (; seconds > 0; --seconds) {
      clock_.advance_ms(1'000);
      engine_->broker().tick(clock_.now());
    }
  }
};

TEST_F(FullQueue, RefusesAPublishOfMqtt5WithQuotaExceededAndTheReason) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "up", "x")), ElementsAre("PUBACK 1 97"));
  EXPECT_THAT(sensor.reason(), HasSubstr("queue '$upstream' is full: it may hold 1 messages"));
  EXPECT_THAT(sensor.publish(qos2(2, "up", "x")), ElementsAre("PUBREC 2 97"));
  EXPECT_TRUE(sensor.is_read());
  EXPECT_EQ(engine_->ingest_stats().refused, 2u);
  drain();
  sensor.publish(qos1(1, "up", "again"));
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
}

TEST_F(FullQueue, WithholdsThePubackFrom311AndTakesTheMessageOnceThereIsRoom) {
  auto sensor = client();
  sensor.connect(v3("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "up", "x")), IsEmpty());
  EXPECT_EQ(clients(), (Counts{1, 0}));
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
  EXPECT_EQ(clients(), (Counts{0, 0}));
}

TEST_F(FullQueue, DoesAllElseForTheClientWhosePublishWaits) {
  leave_session("reader", "other/#");
  auto sensor = client();
  sensor.connect(kept(v3("sensor")));
  sensor.publish(qos1(1, "up", "x"));
  EXPECT_TRUE(sensor.is_read());
  EXPECT_THAT(sensor.ping(), ElementsAre("PINGRESP"));
  sensor.subscribe(2, {to("cmd", 1)});
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("SUBACK 2 01"));
  EXPECT_THAT(sensor.publish(qos0("cmd", "to itself")), ElementsAre("PUBLISH q0 cmd=to itself"));
  sensor.publish(qos1(3, "other/1", "y"));
  commit();
  EXPECT_THAT(waiting("session/reader"), ElementsAre("y"));
}

TEST_F(FullQueue, HearsTheAcknowledgementsOfTheClientWhosePublishWaits) {
  auto sensor = client(), other = client();
  sensor.connect(kept(v3("sensor")));
  sensor.subscribe(1, {to("cmd", 1)});
  commit();
  other.connect(v5("other"));
  other.publish(qos1(1, "cmd", "go"));
  commit();
  sensor.publish(qos1(1, "up", "x"));
  sensor.puback(1);
  commit();
  EXPECT_THAT(waiting("session/sensor"), IsEmpty());
}

TEST_F(FullQueue, WithholdsPubrecInTheSameWay) {
  auto sensor = client();
  sensor.connect(kept(v3("sensor")));
  EXPECT_THAT(sensor.publish(qos2(1, "up", "x")), IsEmpty());
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBREC 1"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(FullQueue, HoldsTheClientWhosePublishWaitsToItsKeepAliveWhileItIsRead) {
  auto sensor = client();
  auto connect = v3("sensor");
  connect.keep_alive_s = 10;
  sensor.connect(connect);
  sensor.publish(qos1(1, "up", "x"));
  for (int i = 0; i < 5; ++i) {
    wait_s(10);
    EXPECT_THAT(sensor.ping(), ElementsAre("PINGRESP"));
  }
  wait_s(16);
  EXPECT_THAT(sensor.read(), ElementsAre("closed"));
}

TEST_F(FullQueue, DoesNotReadWhoHasAsMuchHeldAsMayBeAndLetsItsKeepAliveRest) {
  auto sensor = client();
  auto connect = v3("sensor");
  connect.keep_alive_s = 10;
  sensor.connect(connect);
  publish_up_to_the_bound(sensor);
  EXPECT_FALSE(sensor.is_read());
  EXPECT_EQ(clients(), (Counts{1, 1}));
  EXPECT_THAT(log_.lines().back(), HasSubstr("client_not_read client=sensor"));
  wait_s(300);
  EXPECT_TRUE(sensor.is_open());
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_TRUE(sensor.is_read());
  wait_s(16);
  EXPECT_THAT(sensor.read(), ElementsAre("closed")) << "from there on it must speak again";
}

TEST_F(FullQueue, HoldsNoMoreThanTheBoundHoweverMuchCameInOneRead) {
  auto sensor = client();
  sensor.connect(v3("sensor"));
  std::string burst;
  for (uint16_t id = 1; id <= 1'000; ++id)
    testing::encode_publish(qos1(id, "up", "x"), broker::Version::v3_1_1, burst);
  EXPECT_THAT(sensor.send(burst), IsEmpty());
  EXPECT_EQ(engine_->ingest_stats().held, HeldLimits{}.publishes_max);
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_EQ(engine_->ingest_stats().held, HeldLimits{}.publishes_max + 1) << "one left, one came";
}

TEST_F(FullQueue, TakesWhatIsForOtherQueuesAndAcknowledgesInTheOrderOfThePublishes) {
  route("FROM 'elsewhere' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "up", "a"));
  sensor.publish(qos1(2, "elsewhere", "b"));
  sensor.publish(qos1(3, "nobody", "c"));
  sensor.publish(qos1(4, "up", "d"));
  commit();
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("b")) << "stored at once";
  EXPECT_THAT(sensor.read(), IsEmpty()) << "and acknowledged in order [MQTT-4.6.0-2]";
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1", "PUBACK 2", "PUBACK 3"));
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 4"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("d"));
}

TEST_F(FullQueue, ReadsOnWhoHasManyPublishesElsewhereBehindTheOneThatWaits) {
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "up", "a"));
  for (uint16_t id = 2; id <= 3'000; ++id) sensor.publish(qos1(id, "elsewhere", "x"));
  EXPECT_THAT(sensor.ping(), ElementsAre("PINGRESP"));
  drain();
  EXPECT_EQ(sensor.read().size(), 3'000u);
}

// Whether a queue has room may depend on the body: what comes later under the same topic must not overtake.
TEST_F(FullQueue, KeepsTheOrderOfATopicForWhoListens) {
  route("FROM 't' WHERE $body.hot INTO $upstream");
  auto reader = client(), sensor = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("#")});
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "t", R"({"hot":true})"));
  sensor.publish(qos1(2, "t", R"({"hot":false})"));
  sensor.publish(qos1(3, "other", "y"));
  reader.read();
  drain();
  EXPECT_THAT(reader.read(), ElementsAre(R"(PUBLISH q0 t={"hot":true})", R"(PUBLISH q0 t={"hot":false})"));
}

TEST_F(FullQueue, KeepsTheOrderOfEachQueueThatWantsTheMessageThatWaits) {
  route("FROM 'both' INTO $upstream");
  route("FROM /messages/* WHERE $topic != 'up' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "both", "first"));
  sensor.publish(qos1(2, "only the input's", "second"));
  commit();
  EXPECT_THAT(waiting("modules/m/inputs/i"), IsEmpty());
  drain();
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("first", "second"));
}

TEST_F(FullQueue, IsNothingToWhoPublishesElsewhere) {
  auto stuck = client();
  auto other = client();
  auto reader = client();
  stuck.connect(v3("stuck"));
  stuck.publish(qos1(1, "up", "x"));
  reader.connect(v3("reader"));
  reader.subscribe(1, {to("t", 1)});
  reader.read();
  other.connect(v3("other"));
  EXPECT_THAT(other.publish(qos1(1, "t", "y")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q1 id1 t=y"));
}

TEST_F(FullQueue, ForgetsAQos1PublishWhoseConnectionIsGone) {
  auto sensor = client();
  sensor.connect(kept(v3("sensor")));
  sensor.publish(qos1(1, "up", "x"));
  sensor.drop();
  EXPECT_TRUE(engine_->held().empty());
  sensor.connect(kept(v3("sensor")));
  drain();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  sensor.publish(testing::dup(qos1(1, "up", "x")));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(FullQueue, TakesAQos2PublishOnceThoughItsClientSentItAgain) {
  auto sensor = client();
  sensor.connect(kept(v3("sensor")));
  sensor.publish(qos2(1, "up", "x"));
  sensor.drop();
  sensor.connect(kept(v3("sensor")));
  sensor.read();
  sensor.publish(testing::dup(qos2(1, "up", "x")));
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBREC 1"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(FullQueue, DropsAndCountsQos0AndGivesItToEverybodyElse) {
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("up")});
  reader.read();
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos0("up", "x"));
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 up=x"));
  EXPECT_EQ(engine_->ingest_stats().dropped, 1u);
  EXPECT_TRUE(sensor.is_read());
}

TEST_F(FullQueue, DeclaresEachQos0ThatItHadNoRoomFor) {
  auto sensor = client();
  sensor.connect(v3("sensor"));
  for (int i = 0; i < 5; ++i) sensor.publish(qos0("up", "x"));
  commit();
  const store::QueueStats& stats = store_.stats(engine_->upstream_queue());
  EXPECT_EQ(stats.in, 6u);
  EXPECT_EQ(stats.dropped, 5u);
  const auto gaps = store_.gaps(engine_->upstream_queue());
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].count, 5u);
  EXPECT_EQ(gaps[0].why, store::Outcome::dropped);
}

TEST_F(FullQueue, DeclaresEachQos0ThatADiskWithoutRoomRefused) {
  drain();
  store_.stop_room_for(store::RoomFor::publishers);
  auto sensor = client();
  sensor.connect(v3("sensor"));
  for (int i = 0; i < 3; ++i) sensor.publish(qos0("up", "x"));
  commit();
  const auto gaps = store_.gaps(engine_->upstream_queue());
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].count, 3u);
}

TEST_F(FullQueue, DoesNotTakeAgainWhatWasStoredBeforeARouteMetIt) {
  route("FROM 'both' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  route("FROM 'both' INTO Topic('up')");
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "both", "x"));
  commit();
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("x"));
  drain();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("x"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(FullQueue, RepublishesAMessageThatWaitedOnceHoweverOftenItWasTried) {
  route("FROM 'up' INTO Topic('copy')");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("copy")});
  reader.read();
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "up", "x"));
  for (int i = 0; i < 3; ++i) engine_->tick();
  EXPECT_THAT(reader.read(), IsEmpty());
  drain();
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q0 copy=x"));
}

// Its own output fills its own input: only it can make room there.
TEST_F(FullQueue, GoesOnReadingAModuleWhoseInputMayMakeTheRoom) {
  route("FROM 'loop' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, {.messages_max = 1});
  auto module = client();
  module.connect(v3("m"));
  module.subscribe(1, {to("modules/m/inputs/i", 1)});
  module.publish(qos1(1, "loop", "a"));
  commit();
  module.read();
  module.publish(qos1(2, "loop", "b"));
  EXPECT_TRUE(module.is_read());
  module.puback(1);
  commit();
  EXPECT_THAT(module.read(), ElementsAre("PUBACK 2", "PUBLISH q1 id2 modules/m/inputs/i=b"));
}

TEST_F(FullQueue, IsLoggedOnceAMinute) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (uint16_t id = 1; id <= 5; ++id) sensor.publish(qos1(id, "up", "x"));
  const auto lines = [this] {
    return std::ranges::count_if(log_.lines(),
                                 [](const auto& it) { return it.starts_with("no_room_in_queue"); });
  };
  EXPECT_EQ(lines(), 1);
  clock_.advance_ms(60'000);
  sensor.publish(qos1(9, "up", "x"));
  EXPECT_EQ(lines(), 2);
  EXPECT_THAT(log_.lines().back(), HasSubstr("left_out=4"));
}

TEST_F(FullQueue, OfASessionNeverRefusesAPublisher) {
  limits_.session = {1, 0, 0, store::OnFull::drop_newest};
  restart();
  leave_session("reader", "t");
  auto sensor = client();
  sensor.connect(v3("sensor"));
  sensor.publish(qos1(1, "t", "a"));
  sensor.publish(qos1(2, "t", "b"));
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1", "PUBACK 2"));
  EXPECT_EQ(store_.stats(*store_.find_queue("session/reader")).dropped, 1u);
}

}  // namespace
}  // namespace headgate::hub
