// Topic aliases from the hub to a client (MQTT 5.0 sections 3.1.2.11.5 and 3.3.2.3.4).
#include "broker/session/topic_aliases.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

class AliasesToClient : public BrokerTest {
 protected:
  ScriptedClient& with_aliases(uint16_t max, uint32_t packet_bytes_max = 0) {
    Connect connect = v5("a");
    connect.topic_alias_maximum = max;
    connect.packet_bytes_max = packet_bytes_max;
    return connected(connect);
  }
  Lines get(ScriptedClient& one, const std::string& topic, uint8_t qos = 0) {
    deliver("a", message(topic, "x"), qos);
    return one.read();
  }
};

TEST_F(AliasesToClient, ReplaceATopicOnceItWasSent) {  // MQTT 5.0 section 3.3.2.3.4
  ScriptedClient& a = with_aliases(2);
  EXPECT_THAT(get(a, "plant/1"), ElementsAre("PUBLISH q0 alias1 plant/1=x"));
  EXPECT_THAT(get(a, "plant/2", 1), ElementsAre("PUBLISH q1 id1 alias2 plant/2=x"));
  EXPECT_THAT(get(a, "plant/1", 2), ElementsAre("PUBLISH q2 id2 alias1 =x"));
  EXPECT_THAT(get(a, "plant/2"), ElementsAre("PUBLISH q0 alias2 =x"));
}

TEST_F(AliasesToClient, StayWithinTheClientsMaximum) {  // [MQTT-3.1.2-26]
  ScriptedClient& a = with_aliases(1);
  get(a, "plant/1");
  EXPECT_THAT(get(a, "plant/2"), ElementsAre("PUBLISH q0 plant/2=x"));
}

TEST_F(AliasesToClient, StayWithinTheHubsMaximum) {
  options_.session.topic_aliases_out_max = 1;
  ScriptedClient& a = with_aliases(65535);
  get(a, "plant/1");
  EXPECT_THAT(get(a, "plant/2"), ElementsAre("PUBLISH q0 plant/2=x"));
}

TEST_F(AliasesToClient, AreNotUsedForClientsThatTakeNone) {  // [MQTT-3.1.2-27]
  ScriptedClient& a = with_aliases(0);
  get(a, "plant/1");
  EXPECT_THAT(get(a, "plant/1"), ElementsAre("PUBLISH q0 plant/1=x"));
}

TEST_F(AliasesToClient, BeginAnewWithEachConnection) {  // [MQTT-3.3.2-7]
  Connect connect = kept(v5("a"));
  connect.topic_alias_maximum = 1;
  ScriptedClient& a = connected(connect);
  EXPECT_THAT(get(a, "plant/1", 1), ElementsAre("PUBLISH q1 id1 alias1 plant/1=x"));
  EXPECT_THAT(a.connect(connect), ElementsAre("CONNACK 00 present", "PUBLISH q1 id1 dup alias1 plant/1=x"));
}

TEST_F(AliasesToClient, AreNotWastedOnTopicsAsShortAsTheyAre) {
  ScriptedClient& a = with_aliases(1);
  EXPECT_THAT(get(a, "abc"), ElementsAre("PUBLISH q0 abc=x"));
}

TEST_F(AliasesToClient, AreNotAnnouncedWhereThatWouldMakeAPacketTooLarge) {  // [MQTT-3.1.2-24]
  ScriptedClient& a = with_aliases(1, 30);                                   // 29 bytes without an alias
  EXPECT_THAT(get(a, "plant/one/and/much/more"), ElementsAre("PUBLISH q0 plant/one/and/much/more=x"));
  EXPECT_THAT(get(a, "plant2"), ElementsAre("PUBLISH q0 alias1 plant2=x"));
}

TEST(TopicAliases, PassFromATopicThatHasGoneQuietToOneInUse) {
  TopicAliases aliases(1);
  EXPECT_EQ(aliases.use("quiet").alias, 1);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(aliases.use("busy").alias, 0);
  EXPECT_EQ(aliases.use("busy").alias, 1);
  EXPECT_TRUE(aliases.use("busy").known);
  EXPECT_FALSE(aliases.use("quiet").known);
  EXPECT_EQ(aliases.size(), 1u);
}

}  // namespace
}  // namespace headgate::broker
