// What a client may not send, and the reason it is told on the way out (MQTT 5.0 sections 4.8 and 4.13).
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

using namespace std::literals;
using ::testing::HasSubstr;
using ::testing::Pair;

struct Violation {
  const char* what;
  std::string_view bytes;
  const char* reason;
};

// Sent by a 5.0 client that has just connected.
const Violation kViolations[] = {
    {"a second CONNECT [MQTT-3.1.0-2]", "\x10\x0E\0\4MQTT\5\2\0\0\0\0\1b"sv, "82"},
    {"CONNACK, which only a server sends", "\x20\2\0\0"sv, "82"},
    {"SUBACK, which only a server sends", "\x90\4\0\1\0\0"sv, "82"},
    {"UNSUBACK, which only a server sends", "\xB0\4\0\1\0\0"sv, "82"},
    {"PINGRESP, which only a server sends", "\xD0\0"sv, "82"},
    {"AUTH without a method in CONNECT [MQTT-4.12.0-7]", "\xF0\0"sv, "82"},
    {"packet type 0", "\0\0"sv, "81"},
    {"flags of PINGREQ [MQTT-2.1.3-1]", "\xC1\0"sv, "81"},
    {"flags of PUBACK", "\x41\2\0\1"sv, "81"},
    {"flags of PUBREC", "\x51\2\0\1"sv, "81"},
    {"flags of PUBREL", "\x60\2\0\1"sv, "81"},
    {"flags of PUBCOMP", "\x71\2\0\1"sv, "81"},
    {"flags of SUBSCRIBE", "\x80\6\0\1\0\0\1t\0"sv, "81"},
    {"flags of DISCONNECT", "\xE1\0"sv, "81"},
    {"a longer remaining length than needed [MQTT-1.5.5-1]", "\xC0\x80\0"sv, "81"},
    {"PINGREQ with a body", "\xC0\1x"sv, "81"},
    {"PUBACK with bytes left over", "\x40\5\0\1\0\0x"sv, "81"},
    {"PUBACK with an unknown reason [MQTT-3.4.2-1]", "\x40\3\0\1\x01"sv, "82"},
    {"PUBACK with packet id 0 [MQTT-2.2.1-3]", "\x40\2\0\0"sv, "82"},
    {"PUBACK with a property of another packet", "\x40\7\0\1\0\3\x13\0\1"sv, "81"},
    {"PUBREC with a property twice", "\x50\x0A\0\1\0\6\x1F\0\0\x1F\0\0"sv, "82"},
    {"QoS 3 [MQTT-3.3.1-4]", "\x36\6\0\1t\0\1\0"sv, "81"},
    {"DUP with QoS 0 [MQTT-3.3.1-2]", "\x38\4\0\1t\0"sv, "81"},
    {"QoS 1 with packet id 0 [MQTT-2.2.1-3]", "\x32\6\0\1t\0\0\0"sv, "82"},
    {"a topic with a wildcard [MQTT-3.3.2-2]", "\x30\4\0\1#\0"sv, "90"},
    {"no topic and no alias", "\x30\3\0\0\0"sv, "82"},
    {"a response topic with a wildcard [MQTT-3.3.2-14]", "\x30\x08\0\1t\4\x08\0\1+"sv, "90"},
    {"a subscription identifier from a client [MQTT-3.3.4-6]", "\x30\6\0\1t\2\x0B\1"sv, "82"},
    {"a topic with U+0000 [MQTT-1.5.4-2]", "\x30\4\0\1\0\0"sv, "81"},
    {"a topic with a surrogate [MQTT-1.5.4-1]", "\x30\6\0\3\xED\xA0\x80\0"sv, "81"},
    {"a topic that is cut short", "\x30\2\0\7"sv, "81"},
    {"DISCONNECT with a server's reason [MQTT-3.14.2-1]", "\xE0\1\x8E"sv, "82"},
};

using Violations = BrokerTest;

TEST_F(Violations, EndTheConnectionWithTheirReason) {  // [MQTT-4.13.1-1]
  for (const Violation& violation : kViolations) {
    SCOPED_TRACE(violation.what);
    ScriptedClient& a = connected(v5("a"));
    EXPECT_THAT(a.send(violation.bytes),
                ElementsAre(std::string("DISCONNECT ") + violation.reason, "closed"));
    EXPECT_THAT(happened(), ElementsAre("disconnected a", "ended a"));
  }
}

TEST_F(Violations, JustEndTheConnectionInVersion3) {  // 3.1.1 [MQTT-4.8.0-1]
  for (const std::string_view bytes :
       {"\x20\2\0\0"sv, "\xC1\0"sv, "\xF0\0"sv, "\x30\3\0\1#"sv, "\x30\2\0\0"sv, "\x36\5\0\1t\0\1"sv,
        "\x82\6\0\1\0\1t\3"sv, "\xE0\1\0"sv}) {
    EXPECT_THAT(connected(v3("a")).send(bytes), ElementsAre("closed")) << ::testing::PrintToString(bytes);
  }
}

TEST_F(Violations, EndTheConnectionBeforeAPacketThatIsTooLargeIsBuffered) {  // [MQTT-3.2.2-15]
  options_.session.packet_bytes_max = 1000;
  EXPECT_THAT(connected(v5("a")).send("\x30\xE6\x07"sv), ElementsAre("DISCONNECT 95", "closed"));
}

TEST_F(Violations, EndTheConnectionForTheWrongAnswerToADelivery) {
  for (const PacketType wrong : {PacketType::puback, PacketType::pubcomp}) {
    ScriptedClient& a = connected(v5("a"));
    deliver("a", "x", 2);
    EXPECT_THAT(a.ack(wrong, 1), ElementsAre("PUBLISH q2 id1 t=x", "DISCONNECT 82", "closed"));
  }
  ScriptedClient& b = connected(v5("b"));
  deliver("b", "x", 1);
  EXPECT_THAT(b.pubrec(1), ElementsAre("PUBLISH q1 id1 t=x", "DISCONNECT 82", "closed"));
}

TEST_F(Violations, DoNotIncludeAnAcknowledgementOfNothing) {
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.puback(9), IsEmpty());
  EXPECT_THAT(a.pubcomp(9), IsEmpty());
  EXPECT_THAT(a.pubrec(9), ElementsAre("PUBREL 9 92"));
}

TEST_F(Violations, HideNothingThatCameBefore) {  // in one read
  ScriptedClient& a = connected(v5("a"));
  EXPECT_THAT(a.send("\xC0\0\xC0\0\x20\0\xC0\0"sv),
              ElementsAre("PINGRESP", "PINGRESP", "DISCONNECT 82", "closed"));
}

TEST_F(Violations, AreCountedByReason) {
  connected(v5("a")).send("\x20\0"sv);
  connected(v3("b")).send("\x20\0"sv);
  connected(v5("c")).send("\xC1\0"sv);
  ScriptedClient& stranger = client();
  stranger.open();
  stranger.send("\xC0\0"sv);
  EXPECT_EQ(broker().stats().protocol_errors, 4u);
  EXPECT_THAT(broker().stats().closed, ElementsAre(Pair("malformed packet", 1u), Pair("protocol error", 2u)));
  EXPECT_THAT(broker().stats().refused, ElementsAre(Pair("protocol error", 1u)));
}

class ViolationLog : public BrokerTest {
 protected:
  // What an operator reads about ends, without what he reads about beginnings.
  Lines ends() {
    Lines lines;
    for (const std::string& line : log_.lines()) {
      if (!line.starts_with("client_connected")) lines.push_back(without_why(line));
    }
    return lines;
  }

 private:
  static std::string without_why(std::string line) {
    const size_t why = line.find(" why=");
    if (why != std::string::npos) line.erase(why, line.find(" left_out=", why) - why);
    return line;
  }
};

TEST_F(ViolationLog, HasOneLineForOneViolation) {
  connected(v5("a")).send("\x20\0"sv);
  EXPECT_THAT(ends(), ElementsAre("client_closed peer=client client=a reason=protocol error"));
}

TEST_F(ViolationLog, HasOneLineAMinuteForAClientThatComesBackToDoItAgain) {
  for (int i = 0; i < 100; ++i) connected(v5("a")).send("\x20\0"sv);
  connected(v5("b")).send("\xC1\0"sv);
  pass_s(60);
  connected(v5("a")).send("\x20\0"sv);
  EXPECT_THAT(ends(), ElementsAre("client_closed peer=client client=a reason=protocol error",
                                  "client_closed peer=client client=b reason=malformed packet",
                                  "client_closed peer=client client=a reason=protocol error left_out=99"));
  EXPECT_EQ(broker().stats().closed.at("protocol error"), 101u);
}

TEST_F(ViolationLog, HasOneLineAMinuteForAnAddressThatNeverSaysConnect) {
  for (int i = 0; i < 100; ++i) {
    ScriptedClient& stranger = client();
    stranger.open();
    stranger.send("\xC0\0"sv);
  }
  EXPECT_THAT(ends(), ElementsAre("connection_refused peer=client client=- reason=protocol error"));
  EXPECT_EQ(broker().stats().refused.at("protocol error"), 100u);
}

TEST_F(ViolationLog, SaysWhatToDoAboutClientsOfAnotherProtocolThoughTheirHostIsFullOfWrongOnes) {
  const auto greet = [&](std::string_view bytes) {
    ScriptedClient& stranger = client();
    stranger.open();
    EXPECT_THAT(stranger.send(bytes), ElementsAre("closed"));
  };
  greet("\xC0\0"sv);
  for (int i = 0; i < 10; ++i) greet("AMQP\3\1\0\0"sv);
  greet("\x16\3\1\2\0\1\0\1\xFC\3\3"sv);
  EXPECT_THAT(log_.lines(),
              ElementsAre(HasSubstr("connection_refused peer=client client=- reason=protocol error"),
                          HasSubstr("other_protocol_refused peer=client client=- reason=malformed packet "
                                    "why=AMQP is not spoken here; have the client use MQTT"),
                          HasSubstr("why=the client speaks TLS, and this listener does not")));
}

TEST_F(ViolationLog, TakesAmqpForNothingElseOnceAClientHasConnected) {
  connected(v5("a")).send("AMQP\3\1\0\0"sv);
  EXPECT_THAT(ends(), ElementsAre("client_closed peer=client client=a reason=malformed packet"));
}

TEST_F(ViolationLog, SaysHowAConnectionEndedThatTheClientEnded) {
  connected(v5("a")).disconnect();
  connected(v5("b")).drop();
  connected(v5("c")).disconnect({.reason = ReasonCode::disconnect_with_will});
  EXPECT_THAT(ends(), ElementsAre("client_disconnected client=a reason=disconnect",
                                  "client_disconnected client=b reason=connection lost",
                                  "client_disconnected client=c reason=disconnect with will"));
  EXPECT_THAT(broker().stats().closed, IsEmpty());
}

}  // namespace
}  // namespace headgate::broker
