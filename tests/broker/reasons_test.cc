// What the broker says about its refusals (MQTT 5.0 section 2.4), and to whom; and refusals that leave the
// client connected.
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

using ReasonString = BrokerTest;

TEST_F(ReasonString, SaysMoreThanTheCodeOfADisconnect) {
  options_.session.topic_aliases_max = 2;
  ScriptedClient& a = connected(v5("a"));
  Publish publish = qos0("t", "x");
  publish.topic_alias = 3;
  EXPECT_THAT(a.publish(publish), ElementsAre("DISCONNECT 94", "closed"));
  EXPECT_EQ(a.reason(), "topic alias 3, at most 2");
  ScriptedClient& b = connected(v5("b"));
  b.subscribe(1, {});
  EXPECT_EQ(b.reason(), "protocol error in SUBSCRIBE");
}

TEST_F(ReasonString, SaysHowLargeAPacketMayBe) {
  options_.session.packet_bytes_max = 1024;
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.publish(qos0("t", std::string(2000, 'x'))), ElementsAre("DISCONNECT 95", "closed"));
  EXPECT_EQ(a.reason(), "packets have at most 1024 bytes");
}

TEST_F(ReasonString, IsForTheConnectionThatItIsAbout) {
  ScriptedClient& a = connected(v5("a"));
  a.subscribe(1, {});
  ScriptedClient& b = connected(v5("b"));
  EXPECT_THAT(b.subscribe(1, {to("t")}), ElementsAre("SUBACK 1 00"));
  EXPECT_EQ(b.reason(), "");
}

TEST_F(ReasonString, ComesInConnackToo) {  // [MQTT-3.2.2-19]
  Connect connect = v5("a");
  connect.authentication_method = "SCRAM-SHA-256";
  ScriptedClient& a = client();
  EXPECT_THAT(a.connect(connect), ElementsAre("CONNACK 8C", "closed"));
  EXPECT_EQ(a.reason(), "there is no enhanced authentication");
  connect.packet_bytes_max = 20;
  EXPECT_THAT(a.connect(connect), ElementsAre("CONNACK 8C", "closed"));
  EXPECT_EQ(a.reason(), "");
}

TEST_F(ReasonString, IsLeftOutOfAcknowledgementsOnRequest) {  // [MQTT-3.1.2-29]
  Connect connect = v5("a");
  connect.request_problem_information = false;
  ScriptedClient& a = connected(connect);
  const std::string deep(200, '/');
  EXPECT_THAT(a.subscribe(1, {to(deep)}), ElementsAre("SUBACK 1 8F"));
  EXPECT_EQ(a.reason(), "");
  EXPECT_THAT(a.publish(qos1(1, deep, "x")), ElementsAre("PUBACK 1 90"));
  EXPECT_EQ(a.reason(), "");
  a.subscribe(2, {});
  EXPECT_EQ(a.reason(), "protocol error in SUBSCRIBE");  // DISCONNECT may have one all the same
}

TEST_F(ReasonString, IsLeftOutWhereItDoesNotFit) {  // [MQTT-3.4.2-2, MQTT-3.9.2-1, MQTT-3.14.2-3]
  Connect connect = v5("a");
  connect.packet_bytes_max = 20;
  ScriptedClient& a = connected(connect);
  EXPECT_THAT(a.publish(qos1(1, std::string(200, '/'), "x")), ElementsAre("PUBACK 1 90"));
  EXPECT_EQ(a.reason(), "");
}

using MessageLimits = BrokerTest;

TEST_F(MessageLimits, RefuseATopicThatIsTooDeepOrTooLong) {  // MQTT 5.0 section 3.4.2.1, reason 0x90
  options_.session.topic_bytes_max = 300;
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.publish(qos1(1, std::string(200, '/'), "x")), ElementsAre("PUBACK 1 90"));
  EXPECT_EQ(a.reason(), "201 levels, at most 200");
  EXPECT_THAT(a.publish(qos2(2, std::string(301, 'x'), "x")), ElementsAre("PUBREC 2 90"));
  EXPECT_EQ(a.reason(), "301 bytes, at most 300");
  EXPECT_THAT(a.publish(qos0(std::string(301, 'x'), "x")), IsEmpty());
  EXPECT_THAT(happened(), IsEmpty());
  a.publish(qos1(3, std::string(199, '/'), "x"));
  EXPECT_EQ(happened().size(), 1u);
}

TEST_F(MessageLimits, AcknowledgeToVersion3WhatTheyDrop) {
  ScriptedClient& a = connected(v3("a"));
  const std::string deep(200, '/');
  EXPECT_THAT(a.publish(qos1(1, deep, "x")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(a.publish(qos2(2, deep, "x")), ElementsAre("PUBREC 2"));
  EXPECT_THAT(happened(), IsEmpty());
  EXPECT_THAT(a.pubrel(2), ElementsAre("PUBCOMP 2"));
}

TEST_F(MessageLimits, RefuseMoreUserPropertiesThanThereMayBe) {
  options_.session.user_properties_max = 2;
  ScriptedClient& a = connected(v5("a"));
  Publish publish = qos1(1, "t", "x");
  publish.properties.user = {{"a", "1"}, {"a", "2"}};
  EXPECT_THAT(a.publish(publish), ElementsAre("PUBACK 1"));
  publish.properties.user.push_back({"b", "3"});
  EXPECT_THAT(a.publish(publish), ElementsAre("PUBACK 1 97"));
  EXPECT_EQ(a.reason(), "3 user properties, at most 2");
}

TEST_F(MessageLimits, HoldForWillsAsWell) {
  Connect connect = with_will(v5("a"));
  const std::string deep(200, '/');
  connect.will->topic = deep;
  EXPECT_THAT(client().connect(connect), ElementsAre("CONNACK 90", "closed"));
}

using SessionsMax = BrokerTest;

TEST_F(SessionsMax, RefusesNewClientsAndKeepsTheKnownOnes) {  // MQTT 5.0 section 3.2.2.2, reason 0x97
  options_.sessions_max = 2;
  connected(kept(v5("a"), 10)).drop();
  connected(v5("b"));
  EXPECT_THAT(client().connect(v5("c")), ElementsAre("CONNACK 97", "closed"));
  EXPECT_EQ(clients_.back().reason(), "the hub keeps 2 sessions, the most there may be");
  EXPECT_THAT(client().connect(v3("c")), ElementsAre("CONNACK 03", "closed"));
  EXPECT_THAT(client().connect(kept(v5("a"))), ElementsAre("CONNACK 00 present"));
  clients_.back().drop();
  clock_.advance_ms(3'600'000);
  EXPECT_THAT(client().connect(v5("c")), ElementsAre("CONNACK 00"));
}

}  // namespace
}  // namespace headgate::broker
