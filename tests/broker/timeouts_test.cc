// Silence: keep-alive and unfinished connects (MQTT 5.0 sections 3.1.2.10 and 3.1.4).
#include <gmock/gmock.h>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

Connect with_keep_alive(Connect connect, uint16_t keep_alive_s) {
  connect.keep_alive_s = keep_alive_s;
  return connect;
}

using KeepAlive = BrokerTest;

TEST_F(KeepAlive, ClosesAfterOneAndAHalfTimesTheIntervalInSilence) {  // [MQTT-3.1.2-22]
  ScriptedClient& five = connected(with_keep_alive(v5("a"), 10));
  ScriptedClient& three = connected(with_keep_alive(v3("b"), 10));
  pass_ms(15'000);
  EXPECT_THAT(five.read(), IsEmpty());
  pass_ms(1);
  EXPECT_THAT(five.read(), ElementsAre("DISCONNECT 8D", "closed"));
  EXPECT_THAT(three.read(), ElementsAre("closed"));
}

TEST_F(KeepAlive, StartsAgainWithEveryPacket) {
  ScriptedClient& a = connected(with_keep_alive(v5("a"), 10));
  for (int i = 0; i < 5; ++i) {
    pass_s(14);
    EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
  }
}

TEST_F(KeepAlive, OfZeroMeansNone) {
  ScriptedClient& a = connected(v5("a"));
  pass_s(1'000'000);
  EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
}

TEST_F(KeepAlive, IsTheGrantedOneInVersion5) {  // [MQTT-3.2.2-21]
  options_.keep_alive_s_max = 10;
  ScriptedClient& a = connected(v5("a"));
  pass_ms(15'001);
  EXPECT_THAT(a.read(), ElementsAre("DISCONNECT 8D", "closed"));
}

TEST_F(KeepAlive, IsWhatItAskedForInVersion3WhichCannotBeTold) {
  options_.keep_alive_s_max = 10;
  ScriptedClient& a = connected(v3("a"));
  pass_s(1'000'000);
  EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
}

TEST_F(KeepAlive, DoesNotCountTheTimeInWhichTheHubDidNotRead) {
  options_.session.receive_maximum = 1;
  events_.answers_at_once = false;
  ScriptedClient& a = connected(with_keep_alive(v5("a"), 10));
  a.publish(qos1(1, "t", "x"));
  EXPECT_FALSE(a.is_read());
  pass_s(100);
  events_.answer_all();
  EXPECT_THAT(a.read(), ElementsAre("PUBACK 1"));
  pass_s(14);
  EXPECT_THAT(a.ping(), ElementsAre("PINGRESP"));
}

TEST_F(KeepAlive, ClosesAClientThatTakesNothingOffItsSocket) {
  options_.session.unsent_bytes_max = 100;
  ScriptedClient& a = connected(with_keep_alive(v5("a"), 10));
  a.stall();
  deliver("a", std::string(200, 'x'), 0);
  a.read();
  EXPECT_FALSE(a.is_read());
  pass_s(1);
  pass_s(16);
  EXPECT_TRUE(a.channel().closing());
}

using ConnectTimeout = BrokerTest;

TEST_F(ConnectTimeout, ClosesWhoSaysNothing) {  // MQTT 5.0 section 3.1.4
  ScriptedClient& stranger = client();
  stranger.open();
  pass_s(10);
  EXPECT_THAT(stranger.read(), IsEmpty());
  pass_s(1);
  EXPECT_THAT(stranger.read(), ElementsAre("closed"));
}

TEST_F(ConnectTimeout, ClosesWhoSendsConnectByteByByte) {
  ScriptedClient& slow = client();
  slow.open();
  slow.send(std::string_view("\x10\x7F\0\4MQTT\4\2\0\0\0\x70", 15));
  for (int i = 0; i < 6; ++i) {
    pass_s(2);
    if (slow.is_open()) slow.send("x");
  }
  EXPECT_FALSE(slow.is_open());
}

}  // namespace
}  // namespace headgate::broker
