// What clients publish: acknowledgements, QoS 2, flow control towards the hub, topic aliases (MQTT 5.0
// sections 3.3, 4.3 and 4.9).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

Publish with_alias(Publish publish, uint16_t alias) {
  publish.topic_alias = alias;
  return publish;
}

class Publishing : public BrokerTest {
 protected:
  void hub_answers_later() { events_.answers_at_once = false; }
};

TEST_F(Publishing, ReachesTheHubAsItWasSent) {
  ScriptedClient& a = connected(v5("a"));
  Publish publish = qos1(7, "t/u", "hello");
  publish.retain = true;
  publish.properties.expiry_s = 60;
  publish.properties.content_type = "text/plain";
  publish.properties.user = {{"k", "1"}, {"k", "2"}};
  a.publish(publish);
  const core::Message& message = *events_.messages().back();
  EXPECT_EQ(message.topic, "t/u");
  EXPECT_EQ(message.body, "hello");
  EXPECT_EQ(message.qos, 1);
  EXPECT_TRUE(message.retain);
  EXPECT_EQ(message.source->client_id, "a");
  EXPECT_EQ(message.expires_ms, now().hub_ms + 60'000);
  EXPECT_EQ(message.props().content_type, "text/plain");
  EXPECT_THAT(message.props().user, ElementsAre(core::UserProperty{"k", "1"}, core::UserProperty{"k", "2"}));
}

TEST_F(Publishing, GetsNoExpiryThatNobodyGave) {
  connected(v5("a")).publish(qos0("t", "x"));
  EXPECT_EQ(events_.messages().back()->expires_ms, 0);
}

TEST_F(Publishing, IsAcknowledgedOnlyOnceAccepted) {
  hub_answers_later();
  for (const Connect& connect : {v5("a"), v3("b")}) {
    ScriptedClient& one = connected(connect);
    EXPECT_THAT(one.publish(qos1(1, "t", "x")), IsEmpty());
    EXPECT_THAT(one.publish(qos2(2, "t", "y")), IsEmpty());
    events_.answer_all();
    EXPECT_THAT(one.read(), ElementsAre("PUBACK 1", "PUBREC 2"));
  }
}

TEST_F(Publishing, IsAcknowledgedInTheOrderOfThePublishesWhicheverEndIsKnownFirst) {
  hub_answers_later();
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos1(1, "t", "waits"));
  events_.answers_at_once = true;
  EXPECT_THAT(a.publish(qos1(2, "t", "x")), IsEmpty());
  EXPECT_THAT(a.publish(qos2(3, "t", "y")), IsEmpty());
  EXPECT_THAT(a.publish(dup(qos2(3, "t", "y"))), IsEmpty()) << "sent again, it has its place already";
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBACK 1", "PUBACK 2", "PUBREC 3"));
}

TEST_F(Publishing, ThatWasRefusedBehindOneThatWaitsIsTakenAgainOnTheNextConnection) {
  hub_answers_later();
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(qos1(1, "t", "waits"));
  events_.answers_at_once = true;
  events_.publish_answer = ReasonCode::quota_exceeded;
  EXPECT_THAT(a.publish(qos2(2, "t", "refused")), IsEmpty());
  a.connect(kept(v5("a")));
  events_.publish_answer = ReasonCode::success;
  EXPECT_THAT(a.publish(dup(qos2(2, "t", "refused"))), ElementsAre("PUBREC 2"));
  EXPECT_EQ(events_.messages().size(), 3u);
}

TEST_F(Publishing, WhoseIdIsReleasedBeforeItsPubrecHoldsUpNoOther) {  // a client that is in the wrong
  hub_answers_later();
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos2(1, "t", "x"));
  a.publish(qos1(2, "t", "y"));
  events_.answers_at_once = true;
  EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBACK 2"));
}

TEST_F(Publishing, BehindWhatMadeTheHubPauseItsClientIsTakenOnceTheClientGoesOn) {
  events_.also_on_publish = [](Session& from, const core::MessagePtr& message) {
    if (message->body == "too much") from.set_paused(true);
  };
  ScriptedClient& a = connected(v3("a"));
  std::string both;
  testing::encode_publish(qos0("t", "too much"), Version::v3_1_1, both);
  testing::encode_publish(qos0("t", "behind"), Version::v3_1_1, both);
  a.send(both + std::string("\xC0\0", 2));
  EXPECT_EQ(events_.messages().size(), 1u);
  session("a")->set_paused(false);
  EXPECT_THAT(a.read(), ElementsAre("PINGRESP"));
  EXPECT_EQ(events_.messages().back()->body, "behind");
}

TEST_F(Publishing, IsNotAcknowledgedWithQosZero) {
  EXPECT_THAT(connected(v5("a")).publish(qos0("t", "x")), IsEmpty());
}

TEST_F(Publishing, IsRefusedWithItsReasonInVersion5) {  // MQTT 5.0 sections 3.4.2.1 and 3.5.2.1
  events_.publish_answer = ReasonCode::quota_exceeded;
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.publish(qos1(1, "t", "x")), ElementsAre("PUBACK 1 97"));
  EXPECT_THAT(a.publish(qos2(2, "t", "x")), ElementsAre("PUBREC 2 97"));
  EXPECT_THAT(a.publish(qos2(2, "t", "another")),
              ElementsAre("PUBREC 2 97"));  // the id is free [MQTT-4.3.3-9]
  EXPECT_EQ(happened().size(), 3u);
}

TEST_F(Publishing, ThatIsNotAllowedIsAcknowledgedAndDroppedInVersion3) {
  events_.publish_answer = ReasonCode::not_authorized;
  ScriptedClient& a = connected(v3("a"));
  EXPECT_THAT(a.publish(qos1(1, "t", "x")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(a.publish(qos2(2, "t", "x")), ElementsAre("PUBREC 2"));
}

TEST_F(Publishing, ThatCouldNotBeStoredEndsAConnectionOfVersion3Unacknowledged) {
  events_.publish_answer = ReasonCode::quota_exceeded;
  EXPECT_THAT(connected(v3("a")).publish(qos1(1, "t", "x")), ElementsAre("closed"));
  EXPECT_THAT(connected(v3("b")).publish(qos2(1, "t", "x")), ElementsAre("closed"));
}

TEST_F(Publishing, ThatCouldNotBeStoredIsTakenAgainAfterTheReconnect) {
  events_.publish_answer = ReasonCode::quota_exceeded;
  ScriptedClient& a = connected(kept(v3("a")));
  a.publish(qos2(1, "t", "x"));
  events_.publish_answer = ReasonCode::success;
  a.connect(kept(v3("a")));
  EXPECT_THAT(a.publish(dup(qos2(1, "t", "x"))), ElementsAre("PUBREC 1"));
  EXPECT_EQ(events_.messages().size(), 2u);
}

TEST_F(Publishing, OfAnEarlierConnectionIsNotAcknowledgedOnTheNext) {
  hub_answers_later();
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(qos1(1, "t", "x"));
  a.connect(kept(v5("a")));
  events_.answer_all();
  EXPECT_THAT(a.read(), IsEmpty());
  EXPECT_TRUE(a.is_read());
}

TEST_F(Publishing, RefusedTooLateHarmsNeitherTheNextConnectionNorItsPacketIds) {
  hub_answers_later();
  ScriptedClient& a = connected(kept(v3("a")));
  a.publish(qos1(1, "t", "x"));
  a.connect(kept(v3("a")));
  a.publish(qos2(1, "t", "y"));
  events_.publish_answer = ReasonCode::quota_exceeded;
  events_.answer_next();  // that of the lost connection
  events_.publish_answer = ReasonCode::success;
  events_.answer_next();
  EXPECT_THAT(a.read(), ElementsAre("PUBREC 1"));
}

TEST_F(Publishing, GetsNoAnswerBehindAGoodBye) {  // [MQTT-3.14.4-1]
  hub_answers_later();
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(qos1(1, "t", "x"));
  a.subscribe(2, {to("t")});
  a.publish(qos2(3, "t", "x"));
  broker().on_bytes(a.channel(), std::string_view("\x20\0", 2), now());
  events_.answer_all();
  deliver("a", "late", 0);
  deliver("a", "late", 1);
  EXPECT_THAT(a.read(), ElementsAre("DISCONNECT 82", "closed"));
}

// ---- QoS 2 ----

using ExactlyOnce = Publishing;

TEST_F(ExactlyOnce, RunsItsFourSteps) {  // [MQTT-4.3.3-8, MQTT-4.3.3-11]
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.publish(qos2(1, "t", "x")), ElementsAre("PUBREC 1"));
  EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
  EXPECT_THAT(happened(), ElementsAre("publish a q2 t=x", "release a 1"));
}

TEST_F(ExactlyOnce, TakesAMessageOnceHoweverOftenItIsSent) {  // [MQTT-4.3.3-10]
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos2(1, "t", "x"));
  EXPECT_THAT(a.publish(dup(qos2(1, "t", "x"))), ElementsAre("PUBREC 1"));
  EXPECT_THAT(happened(), ElementsAre("publish a q2 t=x"));
}

TEST_F(ExactlyOnce, TakesTheSameIdAsANewMessageAfterItsRelease) {  // [MQTT-4.3.3-12]
  ScriptedClient& a = connected(v5("a"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(a.publish(qos2(1, "t", "x")), ElementsAre("PUBREC 1"));
    EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
  }
  EXPECT_EQ(events_.messages().size(), 3u);
}

TEST_F(ExactlyOnce, WaitsForTheStoreEvenWhenSentAgain) {
  hub_answers_later();
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(qos2(1, "t", "x"));
  a.connect(kept(v5("a")));
  EXPECT_THAT(a.publish(dup(qos2(1, "t", "x"))), IsEmpty());
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBREC 1"));
  EXPECT_EQ(events_.messages().size(), 1u);
}

TEST_F(ExactlyOnce, CompletesOnlyOnceTheReleaseIsForgottenDurably) {
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos2(1, "t", "x"));
  hub_answers_later();
  EXPECT_THAT(a.pubrel(1), IsEmpty());
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBCOMP 1"));
}

TEST_F(ExactlyOnce, AnswersAReleaseOfNothing) {  // MQTT 5.0 section 3.7.2.1, reason 0x92
  EXPECT_THAT(connected(v5("a")).pubrel(9), ElementsAre("PUBCOMP 9 92"));
  EXPECT_THAT(connected(v3("b")).pubrel(9), ElementsAre("PUBCOMP 9"));
}

TEST_F(ExactlyOnce, RemembersItsIdsOverARestart) {  // [MQTT-4.3.3-10]
  broker().restore({"a", 3600, 0}, now()).restore_incoming(1);
  ScriptedClient& a = connected(kept(v5("a")));
  EXPECT_THAT(a.publish(dup(qos2(1, "t", "x"))), ElementsAre("PUBREC 1"));
  EXPECT_TRUE(events_.messages().empty());
  EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
}

// ---- the hub's Receive Maximum ----

class ReceiveMaximum : public Publishing {
 protected:
  ReceiveMaximum() { options_.session.receive_maximum = 2; }
};

TEST_F(ReceiveMaximum, IsEnforcedOnVersion5) {  // [MQTT-3.3.4-7], MQTT 5.0 section 3.3.4, reason 0x93
  hub_answers_later();
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos1(1, "t", "x"));
  a.publish(qos1(2, "t", "x"));
  EXPECT_THAT(a.publish(qos1(3, "t", "x")), ElementsAre("DISCONNECT 93", "closed"));
}

TEST_F(ReceiveMaximum, IsEnforcedOnQosTwoUntilItIsCompleted) {
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos2(1, "t", "x"));
  a.publish(qos2(2, "t", "x"));
  EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
  EXPECT_THAT(a.publish(qos2(3, "t", "x")), ElementsAre("PUBREC 3"));
  EXPECT_THAT(a.publish(qos1(4, "t", "x")), ElementsAre("DISCONNECT 93", "closed"));
}

TEST_F(ReceiveMaximum, CountsNeitherQosZeroNorRepetitionsNorRefusals) {
  ScriptedClient& a = connected(v5("a"));
  a.publish(qos2(1, "t", "x"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(a.publish(qos0("t", "x")), IsEmpty());
    EXPECT_THAT(a.publish(dup(qos2(1, "t", "x"))), ElementsAre("PUBREC 1"));
  }
  events_.publish_answer = ReasonCode::quota_exceeded;
  for (int i = 0; i < 5; ++i) EXPECT_THAT(a.publish(qos2(2, "t", "x")), ElementsAre("PUBREC 2 97"));
}

TEST_F(ReceiveMaximum, DoesNotSwallowTheMessageThatBrokeIt) {
  ScriptedClient& a = connected(kept(v5("a")));
  for (uint16_t id = 1; id <= 3; ++id) a.publish(qos2(id, "t", "x"));
  a.connect(kept(v5("a")));
  a.pubrel(1);
  EXPECT_THAT(a.publish(qos2(3, "t", "x")), ElementsAre("PUBREC 3"));
  EXPECT_EQ(events_.messages().size(), 3u);
}

TEST_F(ReceiveMaximum, IsFullAgainOnEachConnection) {  // MQTT 5.0 section 4.9: the quota is not kept
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(qos2(1, "t", "x"));
  a.publish(qos2(2, "t", "x"));
  a.connect(kept(v5("a")));
  hub_answers_later();
  a.pubrel(1);
  a.pubrel(2);
  EXPECT_THAT(a.publish(qos1(3, "t", "x")), IsEmpty());
  EXPECT_THAT(a.publish(qos1(4, "t", "x")), IsEmpty());
  EXPECT_THAT(a.publish(qos1(5, "t", "x")), ElementsAre("DISCONNECT 93", "closed"));
}

TEST_F(ReceiveMaximum, SlowsVersion3DownByNotReadingIt) {
  hub_answers_later();
  ScriptedClient& a = connected(v3("a"));
  a.publish(qos1(1, "t", "x"));
  EXPECT_TRUE(a.is_read());
  a.publish(qos1(2, "t", "x"));
  EXPECT_FALSE(a.is_read());
  events_.answer_next();
  EXPECT_TRUE(a.is_read());
  EXPECT_GT(a.shell().wakes, 0u);
}

TEST_F(ReceiveMaximum, NeverStopsReadingWhereOnlyTheClientCanGoOn) {  // it must hear the PUBRELs
  for (const Connect& connect : {v5("a"), v3("b")}) {
    ScriptedClient& one = connected(connect);
    one.publish(qos2(1, "t", "x"));
    one.publish(qos2(2, "t", "x"));
    EXPECT_TRUE(one.is_read());
  }
}

TEST_F(ReceiveMaximum, AlsoBoundsSubscribesThatWaitForTheStore) {
  hub_answers_later();
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {to("t")});
  a.subscribe(2, {to("u")});
  EXPECT_FALSE(a.is_read());
  events_.answer_all();
  EXPECT_TRUE(a.is_read());
}

// ---- topic aliases ----

class TopicAlias : public BrokerTest {
 protected:
  TopicAlias() { options_.session.topic_aliases_max = 2; }
};

TEST_F(TopicAlias, StandsForTheTopicItWasGivenLast) {  // MQTT 5.0 section 3.3.2.3.4
  ScriptedClient& a = connected(v5("a"));
  a.publish(with_alias(qos0("t", "1"), 2));
  a.publish(with_alias(qos0("", "2"), 2));
  a.publish(with_alias(qos0("u", "3"), 2));
  a.publish(with_alias(qos0("", "4"), 2));
  EXPECT_THAT(happened(),
              ElementsAre("publish a q0 t=1", "publish a q0 t=2", "publish a q0 u=3", "publish a q0 u=4"));
}

TEST_F(TopicAlias, AboveTheMaximumEndsTheConnection) {  // [MQTT-3.3.2-9]
  EXPECT_THAT(connected(v5("a")).publish(with_alias(qos0("t", "x"), 3)),
              ElementsAre("DISCONNECT 94", "closed"));
}

TEST_F(TopicAlias, OfZeroEndsTheConnection) {  // [MQTT-3.3.2-8]
  EXPECT_THAT(connected(v5("a")).send(std::string_view("\x30\7\0\1t\3\x23\0\0", 9)),
              ElementsAre("DISCONNECT 94", "closed"));
}

TEST_F(TopicAlias, ThatNobodyHasSetEndsTheConnection) {
  EXPECT_THAT(connected(v5("a")).publish(with_alias(qos0("", "x"), 1)),
              ElementsAre("DISCONNECT 82", "closed"));
}

TEST_F(TopicAlias, IsForgottenWithTheConnection) {  // [MQTT-3.3.2-7]
  ScriptedClient& a = connected(kept(v5("a")));
  a.publish(with_alias(qos0("t", "x"), 1));
  a.connect(kept(v5("a")));
  EXPECT_THAT(a.publish(with_alias(qos0("", "x"), 1)), ElementsAre("DISCONNECT 82", "closed"));
}

TEST_F(TopicAlias, BelongsToOneClient) {
  connected(v5("a")).publish(with_alias(qos0("t", "x"), 1));
  EXPECT_THAT(connected(v5("b")).publish(with_alias(qos0("", "x"), 1)),
              ElementsAre("DISCONNECT 82", "closed"));
}

}  // namespace
}  // namespace headgate::broker
