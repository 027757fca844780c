// Persistent sessions and module inputs: what survives a killed hub, and who gets what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos1;
using testing::qos2;
using testing::to;
using testing::v5;

class DurableSession : public EngineTest {
 protected:
  // A persistent session that is subscribed and away.
  void subscribe_and_leave(std::string_view filter, uint8_t qos) {
    auto reader = client();
    reader.connect(kept(v5("reader")));
    reader.subscribe(1, {to(filter, qos)});
    commit();
    reader.disconnect();
    commit();
  }

  void publish(const broker::Publish& publish) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(publish);
    commit();
    if (publish.qos == 2) sensor.pubrel(publish.packet_id);
    commit();
  }
};

TEST_F(DurableSession, SubackWaitsUntilTheSubscriptionIsDurable) {
  auto reader = client();
  reader.connect(kept(v5("reader")));
  EXPECT_THAT(reader.subscribe(1, {to("t", 1)}), IsEmpty());
  commit();
  EXPECT_THAT(reader.read(), ElementsAre("SUBACK 1 01"));
}

TEST_F(DurableSession, KeepsSubscriptionsAndMessagesOverAKilledHub) {
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "x"));
  restart();
  auto reader = client();
  EXPECT_THAT(reader.connect(kept(v5("reader"))), ElementsAre("CONNACK 00 present"));
  commit();
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q1 id1 t=x"));
  reader.puback(1);
  commit();
  EXPECT_THAT(waiting("session/reader"), IsEmpty());
}

TEST_F(DurableSession, EndsByTheOperatorWithWhatWaitsAndStaysGone) {
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "x"));
  const auto held = engine_->remove_session("reader");
  ASSERT_TRUE(held);
  EXPECT_EQ(held->messages, 1u);
  EXPECT_GT(held->bytes, 0u);
  commit();
  restart();
  EXPECT_FALSE(store_.find_queue("session/reader"));
  EXPECT_THAT(client().connect(kept(v5("reader"))), ElementsAre("CONNACK 00"));
}

TEST_F(DurableSession, ThatNobodyHasCannotBeEnded) {
  EXPECT_EQ(engine_->remove_session("nobody").error().what, "there is no session \"nobody\"");
  EXPECT_EQ(engine_->kick("nobody").error().what, "there is no client \"nobody\"");
  subscribe_and_leave("t", 1);
  EXPECT_EQ(engine_->kick("reader").error().what,
            "client \"reader\" is not connected; it has a session only");
}

TEST_F(DurableSession, SendsAgainWhatWasNotAcknowledgedWhenTheHubDied) {
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "x"));
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  EXPECT_EQ(reader.read().size(), 1u);
  reader.drop();
  restart();
  auto again = client();
  again.connect(kept(v5("reader")));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBLISH q1 id1 dup t=x"));  // [MQTT-3.3.1-1]
}

TEST_F(DurableSession, SetsDupOverAKilledHubOnlyOnWhatMayHaveBeenSent) {  // [MQTT-3.3.1-1, MQTT-3.3.1-3]
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "sent"));
  publish(qos1(2, "t", "not sent"));
  auto reader = client();
  auto connect = kept(v5("reader"));
  connect.receive_maximum = 1;
  reader.connect(connect);
  commit();
  EXPECT_EQ(reader.read().back(), "PUBLISH q1 id1 t=sent");
  reader.disconnect();
  commit();
  restart();
  publish(qos1(3, "t", "later"));
  auto again = client();
  again.connect(kept(v5("reader")));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBLISH q1 id1 dup t=sent", "PUBLISH q1 id2 t=not sent",
                                        "PUBLISH q1 id3 t=later"));
}

TEST_F(DurableSession, SetsNoDupOnWhatWasQueuedBetweenTwoRestarts) {  // [MQTT-3.3.1-1]
  auto reader = client();
  reader.connect(kept(v5("reader")));
  reader.subscribe(1, {to("t", 1)});
  commit();
  publish(qos1(1, "t", "sent"));
  reader.lose_hub();  // it was connected when the hub was killed
  restart();
  publish(qos1(2, "t", "never sent"));
  restart();
  auto again = client();
  again.connect(kept(v5("reader")));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBLISH q1 id1 dup t=sent", "PUBLISH q1 id2 t=never sent"));
}

TEST_F(DurableSession, SetsNoDupForAClientThatWasNotThereSinceTheFirstOfManyRestarts) {
  subscribe_and_leave("t", 1);
  for (int i = 0; i < 3; ++i) {
    restart();
    publish(qos1(1, "t", std::to_string(i)));
  }
  restart();
  auto again = client();
  again.connect(kept(v5("reader")));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBLISH q1 id1 t=0", "PUBLISH q1 id2 t=1", "PUBLISH q1 id3 t=2"));
}

TEST_F(DurableSession, NeverSetsDupOnQos0) {  // [MQTT-3.3.1-2]
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  reader.lose_hub();
  restart();
  auto again = client();
  again.connect(kept(v5("reader")));
  again.subscribe(1, {to("t", 0)});
  commit();
  again.read();
  publish(qos1(1, "t", "x"));
  EXPECT_THAT(again.read(), ElementsAre("PUBLISH q0 t=x"));
}

TEST_F(DurableSession, KeepsThePacketIdOfAQos2DeliveryOverAKilledHub) {  // [MQTT-4.3.3-2]
  subscribe_and_leave("t", 2);
  publish(qos2(1, "t", "x"));
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  const std::string before = reader.read().back();
  const std::string head = before.substr(0, before.find(" t=x"));
  reader.drop();
  restart();
  auto again = client();
  again.connect(kept(v5("reader")));
  commit();
  EXPECT_EQ(again.read().back(), head + " dup t=x");
}

TEST_F(DurableSession, NeverSendsAQos2MessageAgainThatTheClientHas) {  // [MQTT-4.3.3-7]
  subscribe_and_leave("t", 2);
  publish(qos2(1, "t", "x"));
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  const std::string line = reader.read().at(0);
  const auto id = static_cast<uint16_t>(std::stoi(line.substr(line.find(" id") + 3)));
  EXPECT_THAT(reader.pubrec(id), IsEmpty());  // PUBREL must not go out before this is durable
  commit();
  EXPECT_THAT(reader.read(), ElementsAre("PUBREL " + std::to_string(id)));
  reader.drop();
  restart();
  auto again = client();
  EXPECT_THAT(again.connect(kept(v5("reader"))),
              ElementsAre("CONNACK 00 present", "PUBREL " + std::to_string(id)));
  again.pubcomp(id);
  commit();
  again.drop();
  restart();
  auto last = client();
  EXPECT_THAT(last.connect(kept(v5("reader"))), ElementsAre("CONNACK 00 present"));
}

TEST_F(DurableSession, TakesAQos2PublishOnceOverAKilledHub) {  // [MQTT-4.3.3-10]
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(kept(v5("sensor")));
  sensor.publish(qos2(7, "t", "x"));
  commit();  // stored, but the client never sees PUBREC
  sensor.drop();
  restart();
  auto again = client();
  again.connect(kept(v5("sensor")));
  EXPECT_THAT(again.publish(testing::dup(qos2(7, "t", "x"))), ElementsAre("PUBREC 7"));
  again.pubrel(7);
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBCOMP 7"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_F(DurableSession, PubcompWaitsUntilTheIdIsForgottenDurably) {
  auto sensor = client();
  sensor.connect(kept(v5("sensor")));
  sensor.publish(qos2(7, "t", "x"));
  commit();
  sensor.read();
  EXPECT_THAT(sensor.pubrel(7), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBCOMP 7"));
}

TEST_F(DurableSession, EndsWithItsQueueAndItsRecords) {
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "x"));
  clock_.advance_ms(3'600'000);
  engine_->tick();
  commit();
  EXPECT_FALSE(store_.find_queue("session/reader"));
  size_t left = 0;
  ASSERT_TRUE(store_.for_each("s", [&](std::string_view, std::string_view) {
    ++left;
    return core::Status();
  }));
  EXPECT_EQ(left, 0u);
}

TEST_F(DurableSession, AnAnswerToAnOldConnectionIsNotGivenToANewOne) {
  auto reader = client();
  reader.connect(kept(v5("reader")));
  reader.subscribe(1, {to("a")});
  reader.drop();  // before SUBACK was due
  auto again = client();
  again.connect(kept(v5("reader")));
  EXPECT_THAT(again.subscribe(1, {to("b"), to("c"), to("d")}), IsEmpty());
  commit();
  EXPECT_THAT(again.read(), ElementsAre("SUBACK 1 00 00 00"));
}

TEST_F(DurableSession, AnOldPubrelDoesNotEndTheNextMessageOfTheSameId) {
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(kept(v5("sensor")));
  sensor.publish(qos2(7, "t", "x"));
  commit();
  sensor.pubrel(7);
  sensor.drop();  // before PUBCOMP was due
  auto again = client();
  again.connect(kept(v5("sensor")));
  EXPECT_THAT(again.pubrel(7), IsEmpty());
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBCOMP 7"));
  again.publish(qos2(7, "t", "y"));
  commit();
  EXPECT_THAT(again.read(), ElementsAre("PUBREC 7"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x", "y"));
}

TEST_F(DurableSession, ForgetsQos2IdsThatWereStillBeingStoredWhenItEnded) {
  route("FROM /messages/* INTO $upstream");
  auto sensor = client();
  sensor.connect(kept(v5("sensor")));
  sensor.publish(qos2(7, "t", "x"));
  auto clean = kept(v5("sensor"));
  clean.clean_start = true;
  auto fresh = client();
  fresh.connect(clean);  // ends the session before anything was durable
  commit();
  sensor.drop();
  fresh.drop();
  commit();
  restart();
  auto later = client();
  later.connect(kept(v5("sensor")));
  later.publish(qos2(7, "t", "new"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x", "new"));
}

TEST_F(DurableSession, KeepsItsOrderWhenItIsNoLongerKept) {
  subscribe_and_leave("t", 1);
  publish(qos1(1, "t", "old"));
  auto reader = client();
  auto once = v5("reader");
  once.clean_start = false;  // goes on with the session, but it ends with this connection
  once.receive_maximum = 1;
  reader.connect(once);
  commit();
  EXPECT_EQ(reader.read().back(), "PUBLISH q1 id1 t=old");
  publish(qos1(2, "t", "new"));
  reader.puback(1);
  commit();
  EXPECT_THAT(reader.read(), ElementsAre("PUBLISH q1 id2 t=new"));
  reader.drop();
  commit();
  restart();
  auto after = client();
  EXPECT_THAT(after.connect(kept(v5("reader"))), ElementsAre("CONNACK 00"));
}

class ModuleInputs : public DurableSession {
 protected:
  ModuleInputs() { route("FROM 'raw' INTO BrokeredEndpoint('/modules/detector/inputs/readings')"); }
};

TEST_F(ModuleInputs, WaitForTheirModule) {
  publish(qos1(1, "raw", "x"));
  auto detector = client();
  detector.connect(v5("detector"));
  detector.subscribe(1, {to("modules/detector/inputs/#", 1)});
  commit();
  EXPECT_THAT(detector.read(), ElementsAre("PUBLISH q1 id1 modules/detector/inputs/readings=x"));
  detector.puback(1);
  commit();
  EXPECT_THAT(waiting("modules/detector/inputs/readings"), IsEmpty());
}

TEST_F(ModuleInputs, AreDeliveredAgainWhenTheModuleDiedBeforeAcknowledging) {
  publish(qos1(1, "raw", "x"));
  for (int life = 0; life < 2; ++life) {
    auto detector = client();
    detector.connect(v5("detector"));
    detector.subscribe(1, {to("modules/detector/inputs/readings", 1)});
    commit();
    EXPECT_THAT(detector.read(), ElementsAre("PUBLISH q1 id1 modules/detector/inputs/readings=x"));
  }
}

TEST_F(ModuleInputs, AreNotTakenAwayByAWildcard) {
  auto nosy = client();
  nosy.connect(v5("nosy"));
  nosy.subscribe(1, {to("#", 1), to("modules/+/inputs/#", 1)});
  publish(qos1(1, "raw", "x"));
  EXPECT_THAT(nosy.read(), ElementsAre("PUBLISH q1 id1 raw=x"));
  EXPECT_EQ(waiting("modules/detector/inputs/readings").size(), 1u);
}

TEST_F(ModuleInputs, HaveOneConsumerAndAStandby) {
  auto first = client();
  first.connect(v5("first"));
  first.subscribe(1, {to("modules/detector/inputs/readings", 1)});
  auto standby = client();
  standby.connect(v5("standby"));
  standby.subscribe(1, {to("modules/detector/inputs/readings", 1)});
  commit();
  first.read();
  standby.read();
  publish(qos1(1, "raw", "x"));
  EXPECT_EQ(first.read().size(), 1u);
  EXPECT_THAT(standby.read(), IsEmpty());
  first.drop();
  commit();
  EXPECT_THAT(standby.read(), ElementsAre("PUBLISH q1 id1 modules/detector/inputs/readings=x"));
}

TEST_F(ModuleInputs, GoToTheStandbyWhenAPersistentConsumerIsAwayOrLetsGo) {
  for (const bool leaves : {true, false}) {
    auto first = client();
    first.connect(kept(v5("first")));
    first.subscribe(1, {to("modules/detector/inputs/readings", 1)});
    auto standby = client();
    standby.connect(v5("standby"));
    standby.subscribe(1, {to("modules/detector/inputs/readings", 1)});
    commit();
    leaves ? first.drop() : (void)first.unsubscribe(2, {"modules/detector/inputs/readings"});
    commit();
    standby.read();
    publish(qos1(1, "raw", "x"));
    EXPECT_THAT(standby.read(), ElementsAre("PUBLISH q1 id1 modules/detector/inputs/readings=x"));
    standby.puback(1);
    standby.drop();
    first.connect(v5("first"));  // clean: ends the kept session
    first.drop();
    commit();
  }
}

TEST_F(ModuleInputs, MayGoWithTheirRouteWhileAConsumerHasAFullWindow) {
  auto detector = client();
  auto connect = kept(v5("detector"));
  connect.receive_maximum = 1;
  detector.connect(connect);
  detector.subscribe(1, {to("own", 1), to("modules/detector/inputs/readings", 1)});
  commit();
  detector.read();
  publish(qos1(1, "own", "x"));
  EXPECT_THAT(detector.read(), ElementsAre("PUBLISH q1 id1 own=x"));
  routes_.entries.clear();
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  commit();
  detector.puback(1);
  commit();
  EXPECT_FALSE(store_.find_queue("modules/detector/inputs/readings"));
}

TEST_F(ModuleInputs, SendHighPrioritiesFirst) {
  route("FROM 'alarm' INTO BrokeredEndpoint('/modules/detector/inputs/readings')", 0);
  publish(qos1(1, "raw", "later"));
  publish(qos1(2, "alarm", "first"));
  auto detector = client();
  detector.connect(v5("detector"));
  detector.subscribe(1, {to("modules/detector/inputs/readings", 1)});
  commit();
  EXPECT_THAT(detector.read(), ElementsAre("PUBLISH q1 id1 modules/detector/inputs/readings=first",
                                           "PUBLISH q1 id2 modules/detector/inputs/readings=later"));
}

class FloodedInput : public ModuleInputs {
 protected:
  // Of the first 36 messages that a module gets one by one, how many have no priority, while both wait.
  size_t without_priority(store::LaneMode mode) {
    engine_->use_lane_mode(mode);
    route("FROM 'alarm' INTO BrokeredEndpoint('/modules/detector/inputs/readings')", 0);
    for (int i = 0; i < 40; ++i) {
      publish(qos1(1, "raw", "r"));
      publish(qos1(2, "alarm", "a"));
    }
    auto detector = client();
    auto connect = v5("detector");
    connect.receive_maximum = 1;
    detector.connect(connect);
    detector.subscribe(1, {to("modules/detector/inputs/readings", 1)});
    size_t found = 0;
    for (uint16_t id = 1; id <= 36; ++id) {
      commit();
      for (const std::string& line : detector.read()) found += line.ends_with("=r") ? 1 : 0;
      detector.puback(id);
    }
    return found;
  }
};

TEST_F(FloodedInput, GetsNothingElseWhileAPriorityFloodsItStrictly) {
  EXPECT_EQ(without_priority(store::LaneMode::strict), 0u);
}

TEST_F(FloodedInput, GetsAShareOfEachPriorityWhenWeighted) {
  EXPECT_EQ(without_priority(store::LaneMode::weighted), 3u) << "1 in 12";
}

}  // namespace
}  // namespace headgate::hub
