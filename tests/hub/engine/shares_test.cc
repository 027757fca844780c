// Shared subscriptions (MQTT 5.0 section 4.8.2): one member of a group gets a message, and nothing is lost
// while somebody of the group can have it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;

class SharedSubscription : public EngineTest {
 protected:
  SharedSubscription() { publisher_.connect(v5("publisher")); }

  void join(ScriptedClient& one, const broker::Connect& connect, uint8_t qos, uint32_t subscription_id = 0) {
    one.connect(connect);
    one.subscribe(1, {to("$share/g/t/#", qos)}, subscription_id);
    commit();
    one.read();
  }
  void leave(ScriptedClient& one) {
    one.disconnect();
    commit();
  }
  void publish(std::string_view body, uint8_t qos = 1) {
    publisher_.publish(qos == 0 ? qos0("t/x", body) : qos == 1 ? qos1(1, "t/x", body) : qos2(1, "t/x", body));
    commit();
    if (qos == 2) publisher_.pubrel(1);
    commit();
  }
  void expire_sessions() {
    clock_.advance_ms(3'600'000);
    engine_->tick();
    commit();
  }

  ScriptedClient publisher_ = client();
};

TEST_F(SharedSubscription, GivesEachMessageToOneMemberInTurn) {
  auto a = client(), b = client();
  join(a, v5("a"), 1);
  join(b, v3("b"), 1);
  for (const char* body : {"1", "2", "3", "4"}) publish(body);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 t/x=1", "PUBLISH q1 id2 t/x=3"));
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q1 id1 t/x=2", "PUBLISH q1 id2 t/x=4"));
}

TEST_F(SharedSubscription, IsServedBesideOrdinaryOnesAlsoOfTheSameClient) {
  auto a = client(), b = client();
  join(a, v5("a"), 1, 7);
  a.subscribe(2, {to("t/x", 0)}, 8);
  b.connect(v5("b"));
  b.subscribe(1, {to("t/x")});
  a.read();
  b.read();
  publish("1");
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 sub8 t/x=1", "PUBLISH q1 id1 sub7 t/x=1"));
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q0 t/x=1"));
}

TEST_F(SharedSubscription, BringsADurableSessionItsSecondCopyToo) {
  auto a = client();
  join(a, kept(v5("a")), 1, 7);
  a.subscribe(2, {to("t/x", 1)}, 8);
  commit();
  a.read();
  publish("1");
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 sub8 t/x=1", "PUBLISH q1 id2 sub7 t/x=1"));
  a.puback(1);
  a.puback(2);
  commit();
  EXPECT_THAT(waiting("session/a"), IsEmpty());
}

TEST_F(SharedSubscription, KeepsTheQosOfTheChosenMember) {  // [MQTT-4.8.2-3]
  auto a = client(), b = client();
  join(a, v5("a"), 0);
  join(b, v5("b"), 2);
  for (const char* body : {"1", "2"}) publish(body, 2);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 t/x=1"));
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q2 id1 t/x=2"));
}

TEST_F(SharedSubscription, PrefersWhoCanBeSentToAtOnce) {
  auto slow = client(), quick = client();
  auto one_at_a_time = v5("slow");
  one_at_a_time.receive_maximum = 1;
  join(slow, one_at_a_time, 1);
  join(quick, v5("quick"), 1);
  for (const char* body : {"1", "2", "3", "4"}) publish(body);
  EXPECT_THAT(slow.read(), ElementsAre("PUBLISH q1 id1 t/x=1"));
  EXPECT_EQ(quick.read().size(), 3u);
}

TEST_F(SharedSubscription, WaitsInADurableQueueWhileNobodyIsThere) {
  auto a = client(), b = client(), careless = client();
  join(a, kept(v5("a")), 1);
  join(b, kept(v5("b")), 1);
  join(careless, kept(v5("careless")), 0);
  for (auto* one : {&a, &b, &careless}) leave(*one);
  publish("1");
  publish("2");
  EXPECT_THAT(waiting("session/a"), ElementsAre("1"));
  EXPECT_THAT(waiting("session/b"), ElementsAre("2"));
  auto c = client();
  join(c, v5("c"), 1);
  publish("3");
  EXPECT_THAT(c.read(), ElementsAre("PUBLISH q1 id1 t/x=3"));
}

TEST_F(SharedSubscription, IsRestoredWithItsGroupAfterAKilledHub) {
  auto a = client();
  join(a, kept(v5("a")), 1);
  leave(a);
  publisher_.drop();
  restart();
  EXPECT_TRUE(engine_->broker().subscriptions().find_share("$share/g/t/#"));
  auto again = client();
  again.connect(v5("p"));
  again.publish(qos1(1, "t/x", "1"));
  commit();
  EXPECT_THAT(waiting("session/a"), ElementsAre("1"));
}

TEST_F(SharedSubscription, GetsNoRetainedMessages) {  // MQTT 5.0 section 4.8.2
  auto retained = qos1(1, "t/x", "old");
  retained.retain = true;
  publisher_.publish(retained);
  commit();
  auto a = client();
  a.connect(v5("a"));
  EXPECT_THAT(a.subscribe(1, {to("$share/g/t/#", 1)}), ElementsAre("SUBACK 1 01"));
}

TEST_F(SharedSubscription, GivesWhatAnEndedSessionDidNotAcknowledgeToAnother) {  // MQTT 5.0 section 4.8.2
  auto a = client(), b = client();
  join(a, v5("a"), 1);
  publish("1");
  publish("2");
  a.puback(1);
  join(b, v5("b"), 1);
  a.drop();
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q1 id1 t/x=2"));
}

TEST_F(SharedSubscription, NeverGivesASentQos2MessageToAnother) {  // [MQTT-4.8.2-5]
  auto a = client(), b = client();
  auto one_at_a_time = v5("a");
  one_at_a_time.receive_maximum = 1;
  join(a, one_at_a_time, 2);
  publish("sent", 2);
  publish("not sent", 2);
  join(b, v5("b"), 2);
  a.drop();
  EXPECT_THAT(b.read(), ElementsAre("PUBLISH q2 id1 t/x=not sent"));
}

TEST_F(SharedSubscription, EmptiesTheQueueOfAnEndedSessionIntoAnothers) {
  auto a = client(), b = client();
  auto connect = kept(v5("a"));
  connect.receive_maximum = 1;
  join(a, connect, 2);
  publish("sent", 2);
  publish("not sent", 2);
  publish("once", 1);
  leave(a);
  join(b, kept(v5("b"), 7200), 2);
  expire_sessions();
  EXPECT_FALSE(store_.find_queue("session/a"));
  EXPECT_THAT(waiting("session/b"), ElementsAre("not sent", "once"));
  EXPECT_EQ(engine_->losses().total().dropped, 1u) << "the one that was sent, which goes to nobody else";
}

TEST_F(SharedSubscription, WaitsForItsClientToComeBackAndCompletesQos2) {  // [MQTT-4.8.2-4]
  auto a = client(), b = client();
  join(a, kept(v5("a")), 2);
  publish("1", 2);
  const std::string line = a.read().at(0);
  join(b, v5("b"), 2);
  a.drop();
  commit();
  EXPECT_THAT(b.read(), IsEmpty());
  EXPECT_THAT(a.connect(kept(v5("a"))),
              ElementsAre("CONNACK 00 present", line.substr(0, line.find(" t/x")) + " dup t/x=1"));
}

TEST_F(SharedSubscription, LeavesWhatAMemberRefusesAtThat) {  // [MQTT-4.8.2-6]
  auto a = client(), b = client();
  join(a, v5("a"), 1);
  publish("1");
  join(b, v5("b"), 1);
  a.read();
  a.ack(broker::PacketType::puback, 1, broker::ReasonCode::unspecified_error);
  a.drop();
  EXPECT_THAT(b.read(), IsEmpty());
}

TEST_F(SharedSubscription, SaysWhatItCouldNotHandOver) {
  auto a = client();
  join(a, v5("a"), 1);
  publish("1");
  a.drop();
  EXPECT_THAT(log_.lines(), ::testing::Contains(::testing::StartsWith("shared_messages_dropped")));
}

}  // namespace
}  // namespace headgate::hub
