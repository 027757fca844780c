// CONNECT and CONNACK: who gets in, as whom, and what is granted (MQTT 5.0 sections 3.1 and 3.2).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using Connecting = BrokerTest;

TEST_F(Connecting, AcceptsBothVersionsAndTellsTheHub) {
  EXPECT_THAT(client().connect(v5("a")), ElementsAre("CONNACK 00"));
  EXPECT_THAT(client().connect(v3("b")), ElementsAre("CONNACK 00"));
  EXPECT_THAT(happened(), ElementsAre("connected a", "connected b"));
}

Connect v3_1(std::string_view client_id) {
  Connect connect = v3(client_id);
  connect.is_v3_1 = true;
  return connect;
}

TEST_F(Connecting, TakesAClientOfVersion31AsOneOf311) {
  ScriptedClient& a = client();
  EXPECT_THAT(a.connect(v3_1("a name of more than 23 characters")), ElementsAre("CONNACK 00"));
  EXPECT_THAT(log_.lines(), ::testing::Contains(::testing::HasSubstr("version=3.1 ")));
  happened();
  EXPECT_THAT(a.send(std::string_view("\x8A\x06\0\1\0\1t\0", 8)), ElementsAre("SUBACK 1 00"));  // repeated
  deliver("a name of more than 23 characters", "x", 0);
  EXPECT_THAT(a.read(), ElementsAre("PUBLISH q0 t=x"));
}

TEST_F(Connecting, TellsAClientOfVersion31NothingOfASessionThatIsPresent) {  // 3.1 has no such flag
  connected(kept(v3_1("a"))).drop();
  EXPECT_THAT(client().connect(kept(v3_1("a"))), ElementsAre("CONNACK 00"));
  EXPECT_THAT(happened(), ::testing::Contains("connected a present"));
}

TEST_F(Connecting, RefusesAVersionItDoesNotSpeakWithTheReason) {  // [MQTT-3.1.2-2]
  Connect connect = v3("a");
  connect.version = static_cast<Version>(3);
  EXPECT_THAT(client().connect(connect), ElementsAre("CONNACK 01", "closed"));
  connect.version = static_cast<Version>(6);
  EXPECT_THAT(client().connect(connect), ElementsAre("CONNACK 84", "closed"));
  EXPECT_THAT(happened(), IsEmpty());
}

TEST_F(Connecting, ClosesWithoutAWordWhenTheFirstPacketIsNotConnect) {  // [MQTT-3.1.0-1]
  for (const std::string_view packet : {std::string_view("\xC0\0", 2), std::string_view("\xE0\0", 2)}) {
    ScriptedClient& stranger = client();
    stranger.open();
    EXPECT_THAT(stranger.send(packet), ElementsAre("closed"));
  }
}

TEST_F(Connecting, AnswersAMalformedConnectInVersion5Only) {  // [MQTT-3.1.4-1, MQTT-3.1.2-3]
  ScriptedClient& five = client();
  five.open();
  EXPECT_THAT(five.send(std::string_view("\x10\x0E\0\4MQTT\5\x01\0\0\0\0\1a", 16)),
              ElementsAre("CONNACK 81", "closed"));
  ScriptedClient& three = client();
  three.open();
  EXPECT_THAT(three.send(std::string_view("\x10\x0D\0\4MQTT\4\x03\0\0\0\1a", 15)), ElementsAre("closed"));
}

TEST_F(Connecting, GivesAnEmptyClientIdAName) {  // [MQTT-3.1.3-6, MQTT-3.1.3-7, MQTT-3.2.2-16]
  ScriptedClient& first = connected(v5(""));
  const std::string name(first.connack().assigned_client_id);
  EXPECT_FALSE(name.empty());
  EXPECT_TRUE(session(name));
  EXPECT_NE(connected(v5("")).connack().assigned_client_id, name);
}

TEST_F(Connecting,
       AcceptsAnEmptyClientIdOfVersion3OnlyWithACleanSession) {  // 3.1.1 [MQTT-3.1.3-7, MQTT-3.1.3-8]
  EXPECT_THAT(client().connect(v3("")), ElementsAre("CONNACK 00"));
  EXPECT_THAT(client().connect(kept(v3(""))), ElementsAre("CONNACK 02", "closed"));
}

TEST_F(Connecting, DoesNotNameTheClientThatNamedItself) {
  EXPECT_EQ(connected(v5("a")).connack().assigned_client_id, "");
}

TEST_F(Connecting, RefusesAnAuthenticationMethodItDoesNotHave) {  // [MQTT-4.12.0-1]
  Connect connect = v5("a");
  connect.authentication_method = "SCRAM";
  EXPECT_THAT(client().connect(connect), ElementsAre("CONNACK 8C", "closed"));
}

TEST_F(Connecting, SaysWhatItTakes) {
  options_.session.receive_maximum = 7;
  options_.session.packet_bytes_max = 5000;
  options_.session.topic_aliases_max = 3;
  const Connack& connack = connected(v5("a")).connack();
  EXPECT_EQ(connack.receive_maximum, 7);
  EXPECT_EQ(connack.packet_bytes_max, 5000u);
  EXPECT_EQ(connack.topic_alias_maximum, 3);
  EXPECT_TRUE(connack.shared_subscriptions_available);
}

TEST_F(Connecting, TellsAClientOfAShorterKeepAlive) {  // [MQTT-3.2.2-21]
  options_.keep_alive_s_max = 60;
  Connect connect = v5("a");
  for (const uint16_t asked : {uint16_t{0}, uint16_t{300}}) {
    connect.keep_alive_s = asked;
    EXPECT_EQ(connected(connect).connack().server_keep_alive_s, 60) << asked;
  }
  connect.keep_alive_s = 30;
  EXPECT_EQ(connected(connect).connack().server_keep_alive_s, std::nullopt);
}

TEST_F(Connecting, TellsAClientOfAShorterSessionExpiry) {  // MQTT 5.0 section 3.2.2.3.2
  options_.session_expiry_s_max = 100;
  EXPECT_EQ(connected(kept(v5("a"), 1000)).connack().session_expiry_s, 100u);
  EXPECT_EQ(connected(kept(v5("b"), 50)).connack().session_expiry_s, std::nullopt);
  EXPECT_EQ(session("a")->expiry_s(), 100u);
}

TEST_F(Connecting, HoldsAListenersClientsToItsPacketSize) {
  const auto policy = std::make_shared<ListenerPolicy>();
  policy->packet_bytes_max = 2000;
  ScriptedClient& a = client();
  a.open();
  a.channel().policy = policy;
  std::string packet;
  testing::encode_connect(v5("a"), packet);
  a.send(packet);
  EXPECT_EQ(a.connack().packet_bytes_max, 2000u);
  EXPECT_THAT(a.publish(qos0("t", std::string(2000, 'x'))), ElementsAre("DISCONNECT 95", "closed"));
}

TEST_F(Connecting, SaysGoodByeWhenTheHubShutsDown) {
  ScriptedClient& five = connected(v5("a"));
  ScriptedClient& three = connected(v3("b"));
  ScriptedClient& stranger = client();
  stranger.open();
  broker().shut_down();
  EXPECT_THAT(five.read(), ElementsAre("DISCONNECT 8B", "closed"));
  EXPECT_THAT(three.read(), ElementsAre("closed"));
  EXPECT_THAT(stranger.read(), ElementsAre("closed"));
}

TEST_F(Connecting, SaysGoodByeOnlyOnce) {  // [MQTT-3.14.4-1]
  ScriptedClient& a = connected(v5("a"));
  broker().on_bytes(a.channel(), std::string_view("\x20\0", 2), now());  // a violation, …
  broker().shut_down();                                                  // … and the end, in one turn
  EXPECT_THAT(a.read(), ElementsAre("DISCONNECT 82", "closed"));
}

}  // namespace
}  // namespace headgate::broker
