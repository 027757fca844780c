// Statements of the standard that no other test of the broker is about (docs/mqtt-conformance.md).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"
#include "tests/support/scripted_access.h"

namespace headgate::broker {
namespace {

using namespace std::literals;

using Conformance = BrokerTest;

// ---- CONNECT ----

TEST_F(Conformance, NothingBehindARefusedConnectIsHeard) {  // [MQTT-3.1.4-6]; 3.1.1 [MQTT-3.1.4-5]
  const auto refused_five = "\x10\x0E\0\4MQTT\x06\2\0\0\0\0\1a"sv;
  const auto refused_three = "\x10\x0C\0\4MQTT\4\0\0\0\0\0"sv;  // no client id, and no clean session
  const auto accepted = "\x10\x0E\0\4MQTT\5\2\0\0\0\0\1a\x30\4\0\1t\0"sv;
  for (const auto& [refused, answer] :
       {std::pair{refused_five, "CONNACK 84"}, {refused_three, "CONNACK 02"}}) {
    ScriptedClient& one = client();
    one.speak(refused == refused_five ? Version::v5 : Version::v3_1_1);
    one.open();
    EXPECT_THAT(one.send(std::string(refused).append(accepted)), ElementsAre(answer, "closed"));
  }
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(Conformance, EveryClientIdThatTheStandardNamesIsTaken) {  // [MQTT-3.1.3-5]
  const std::string letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const Connect& connect : {v5(""), v3("")}) {
    for (size_t bytes = 1; bytes <= 23; ++bytes) {
      for (size_t from = 0; from < letters.size(); from += 7) {
        const std::string id = (letters + letters).substr(from, bytes);
        Connect named = connect;
        named.client_id = id;
        EXPECT_THAT(client().connect(named), ElementsAre("CONNACK 00")) << id;
        EXPECT_TRUE(session(id));
      }
    }
  }
}

TEST_F(Conformance, AnAssignedClientIdIsNobodyElses) {  // [MQTT-3.2.2-16]
  const std::string first(connected(v5("")).connack().assigned_client_id);
  const std::string stem = first.substr(0, first.rfind('-') + 1);
  ScriptedClient& guesser = connected(kept(v5(stem + "2")));  // what would be assigned next
  EXPECT_THAT(client().connect(v5("")), ElementsAre("CONNACK 00"));
  EXPECT_NE(clients_.back().connack().assigned_client_id, stem + "2");
  EXPECT_THAT(guesser.ping(), ElementsAre("PINGRESP"));
}

TEST_F(Conformance, AnAssignedClientIdIsNobodyElsesByTheTimeItsClientIsLetIn) {  // [MQTT-3.2.2-16]
  testing::ScriptedAccess slow;
  slow.at_once = false;
  access_ = &slow;
  ScriptedClient& late = client();
  late.connect(v5(""));
  const std::string guessed = "auto-" + std::to_string(now().wall_ms) + "-1";
  ScriptedClient& guesser = client();
  guesser.connect(kept(v5(guessed)));
  slow.users[""] = open_.renew({}, "");
  slow.let_wait();
  slow.decide_next(now());
  EXPECT_THAT(guesser.read(), ElementsAre("CONNACK 00"));
  slow.decide_next(now());
  EXPECT_THAT(late.read(), ElementsAre("CONNACK 85", "closed"));
  EXPECT_THAT(guesser.ping(), ElementsAre("PINGRESP"));
}

TEST_F(Conformance, ASecondConnectEndsAConnectionOfVersion3) {  // 3.1.1 [MQTT-3.1.0-2]
  EXPECT_THAT(connected(v3("a")).send("\x10\x0D\0\4MQTT\4\2\0\0\0\1b"sv), ElementsAre("closed"));
  EXPECT_FALSE(session("b"));
}

TEST_F(Conformance, ACleanSessionOfVersion3LeavesNothing) {  // 3.1.1 [MQTT-3.1.2-6, MQTT-3.2.2-1]
  ScriptedClient& a = connected(kept(v3("a")));
  a.subscribe(1, {to("t", 1)});
  EXPECT_THAT(a.connect(v3("a")), ElementsAre("CONNACK 00"));
  EXPECT_EQ(broker().subscriptions().size(), 0u);
  a.subscribe(1, {to("t", 1)});
  a.drop();
  EXPECT_FALSE(session("a"));
  EXPECT_THAT(a.connect(kept(v3("a"))), ElementsAre("CONNACK 00"));  // 3.1.1 [MQTT-3.2.2-3]
}

TEST_F(Conformance, APingOfVersion3IsAnswered) {  // 3.1.1 [MQTT-3.12.4-1]
  EXPECT_THAT(connected(v3("a")).ping(), ElementsAre("PINGRESP"));
}

TEST_F(Conformance, UnsubscribeOfVersion3EndsTheSubscriptionOnly) {  // 3.1.1 [MQTT-3.10.4-2, MQTT-3.10.4-3]
  ScriptedClient& a = connected(v3("a"));
  a.subscribe(1, {to("t", 2), to("u", 2)});
  deliver("a", "begun", 2);
  EXPECT_THAT(a.unsubscribe(2, {"t", "u", "never"}), ElementsAre("PUBLISH q2 id1 t=begun", "UNSUBACK 2"));
  EXPECT_EQ(broker().subscriptions().size(), 0u);
  EXPECT_THAT(a.pubrec(1), ElementsAre("PUBREL 1"));
  EXPECT_THAT(a.pubcomp(1), IsEmpty());
}

// ---- topic aliases ----

TEST_F(Conformance, EveryTopicAliasUpToTheMaximumIsTaken) {  // [MQTT-3.3.2-12]
  options_.session.topic_aliases_max = 300;
  ScriptedClient& a = connected(v5("a"));
  for (uint16_t alias = 300; alias > 0; --alias) {
    const std::string topic = "t/" + std::to_string(alias);
    Publish publish = qos0(topic, "");
    publish.topic_alias = alias;
    EXPECT_THAT(a.publish(publish), IsEmpty());
  }
  for (uint16_t alias = 1; alias <= 300; ++alias) {
    Publish publish = qos0("", "");
    publish.topic_alias = alias;
    EXPECT_THAT(a.publish(publish), IsEmpty());
    EXPECT_EQ(events_.messages().back()->topic, "t/" + std::to_string(alias));
  }
}

TEST_F(Conformance, NoTopicAliasIsTakenWhereNoneIsAllowed) {  // [MQTT-3.2.2-18]
  options_.session.topic_aliases_max = 0;
  EXPECT_EQ(connected(v5("a")).connack().topic_alias_maximum, 0);
  Publish publish = qos0("t", "x");
  publish.topic_alias = 1;
  EXPECT_THAT(clients_.back().publish(publish), ElementsAre("DISCONNECT 94", "closed"));
}

// ---- delivery ----

TEST_F(Conformance, AFullWindowHoldsBackNoOtherPacket) {  // [MQTT-3.3.4-10, MQTT-4.9.0-3]
  Connect connect = v5("a");
  connect.receive_maximum = 1;
  ScriptedClient& a = connected(connect);
  deliver("a", "1", 1);
  deliver("a", "2", 1);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q1 id1 t=1"));
  EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
  EXPECT_THAT(a.subscribe(1, {to("u")}), ElementsAre("SUBACK 1 00"));
  EXPECT_THAT(a.unsubscribe(2, {"u"}), ElementsAre("UNSUBACK 2 00"));
  EXPECT_THAT(a.publish(qos1(3, "u", "x")), ElementsAre("PUBACK 3"));
  EXPECT_THAT(a.publish(qos2(4, "u", "x")), ElementsAre("PUBREC 4"));
  EXPECT_THAT(a.pubrel(4), ElementsAre("PUBCOMP 4"));
}

TEST_F(Conformance, WhatHasExpiredOnTheWayIsSentAgain) {  // [MQTT-4.3.3-7]
  ScriptedClient& a = connected(kept(v5("a")));
  deliver("a", message("t", "x", 10), 2);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q2 id1 expiry10 t=x"));
  a.drop();
  pass_s(20);
  EXPECT_THAT(a.connect(kept(v5("a"))), ElementsAre("CONNACK 00 present", "PUBLISH q2 id1 dup expiry0 t=x"));
}

TEST_F(Conformance, AHandshakeGoesOnThoughItsMessageHasExpired) {  // [MQTT-4.3.3-13]
  ScriptedClient& a = connected(v5("a"));
  Publish publish = qos2(1, "t", "x");
  publish.properties.expiry_s = 1;
  EXPECT_THAT(a.publish(publish), ElementsAre("PUBREC 1"));
  pass_s(10);
  EXPECT_THAT(a.pubrel(1), ElementsAre("PUBCOMP 1"));
}

// ---- the client's Maximum Packet Size ----

TEST_F(Conformance, NoPacketIsLargerThanTheClientTakes) {  // [MQTT-3.1.2-24, MQTT-3.1.2-25]
  Connect connect = v5("a");
  connect.packet_bytes_max = 40;
  ScriptedClient& a = connected(connect);
  EXPECT_THAT(a.subscribe(1, std::vector<SubscriptionRequest>(50, to("t"))), IsEmpty());
  EXPECT_THAT(a.unsubscribe(2, std::vector<std::string_view>(50, "t")), IsEmpty());
  EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
  EXPECT_LE(a.largest_packet(), 40u);
}

TEST_F(Conformance, AClientThatTakesNoConnackIsJustClosed) {  // [MQTT-3.1.2-24]
  Connect connect = v5("a");
  connect.packet_bytes_max = 4;
  EXPECT_THAT(client().connect(connect), ElementsAre("closed"));
}

}  // namespace
}  // namespace headgate::broker
