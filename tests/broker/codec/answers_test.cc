// Acknowledgements, pings, and the two ways to talk at the end: DISCONNECT and AUTH.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/auth.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/ping.h"
#include "tests/broker/codec/parts.h"
#include "tests/broker/codec/wire_text.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using testing::body_of;
using testing::to_hex;
using testing::wire;

constexpr auto kAckTypes = {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp};

std::string ack_hex(PacketType type, ReasonCode reason, Version version, const ReasonText& text = {}) {
  std::string out;
  encode_ack(type, 10, reason, version, out, text);
  return to_hex(out);
}

TEST(Acknowledgement, OfSuccessIsFourBytes) {  // MQTT 5.0 section 3.4.2.1
  EXPECT_EQ(ack_hex(PacketType::puback, ReasonCode::success, Version::v5), "40 02 00 0A");
  EXPECT_EQ(ack_hex(PacketType::pubrec, ReasonCode::success, Version::v3_1_1), "50 02 00 0A");
  EXPECT_EQ(ack_hex(PacketType::pubrel, ReasonCode::success, Version::v5), "62 02 00 0A");
  EXPECT_EQ(ack_hex(PacketType::pubcomp, ReasonCode::success, Version::v5), "70 02 00 0A");
}

TEST(Acknowledgement, SaysItsReasonInVersion5Only) {
  EXPECT_EQ(ack_hex(PacketType::puback, ReasonCode::quota_exceeded, Version::v5), "40 03 00 0A 97");
  EXPECT_EQ(ack_hex(PacketType::puback, ReasonCode::quota_exceeded, Version::v3_1_1), "40 02 00 0A");
}

TEST(Acknowledgement, DropsTheReasonStringWhereItDoesNotFit) {  // [MQTT-3.4.2-2]
  const auto full = [](size_t max) {
    return ack_hex(PacketType::puback, ReasonCode::quota_exceeded, Version::v5, {"full", max});
  };
  EXPECT_EQ(full(13), to_hex(wire("40 (000A 97 (1F <'full'>))")));
  EXPECT_EQ(full(12), "40 03 00 0A 97");
  EXPECT_EQ(ack_hex(PacketType::puback, ReasonCode::quota_exceeded, Version::v3_1_1, {"full"}),
            "40 02 00 0A");
}

TEST(Acknowledgement, ComesThroughInEveryForm) {
  for (const PacketType type : kAckTypes) {
    for (const char* text : {"", "why"}) {
      std::string out;
      encode_ack(type, 10, ReasonCode::success, Version::v5, out, {text});
      Ack ack;
      ASSERT_EQ(decode_ack(type, body_of(out), Version::v5, ack), ReasonCode::success) << name(type);
      EXPECT_EQ(ack.packet_id, 10);
      EXPECT_EQ(ack.reason, ReasonCode::success);
      EXPECT_EQ(ack.reason_string, text);
    }
  }
}

TEST(Acknowledgement, TakesExactlyTheReasonsOfItsPacket) {  // MQTT 5.0 sections 3.4.2.1 to 3.7.2.1
  const std::set<int> answers = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
  const std::set<int> releases = {0x00, 0x92};
  for (const PacketType type : kAckTypes) {
    const bool first = type == PacketType::puback || type == PacketType::pubrec;
    for (int code = 0; code < 256; ++code) {
      const char byte = static_cast<char>(code);
      const bool known = (first ? answers : releases).contains(code);
      Ack ack;
      const ReasonCode reason = decode_ack(type, std::string("\0\1", 2) + byte, Version::v5, ack);
      EXPECT_EQ(reason, known ? ReasonCode::success : ReasonCode::protocol_error) << name(type) << code;
    }
  }
}

TEST(Ping, IsAnswered) {
  std::string out;
  encode_pingresp(out);
  EXPECT_EQ(to_hex(out), "D0 00");
  out.clear();
  testing::encode_pingreq(out);
  EXPECT_EQ(to_hex(out), "C0 00");
  EXPECT_EQ(decode_pingreq(body_of(out)), ReasonCode::success);
}

TEST(DisconnectPacket, FromAClientComesThrough) {
  const Disconnect sent{ReasonCode::disconnect_with_will, 30, "tired"};
  std::string out;
  testing::encode_client_disconnect(sent, Version::v5, out);
  Disconnect got;
  ASSERT_EQ(decode_disconnect(body_of(out), Version::v5, got), ReasonCode::success);
  EXPECT_EQ(got.reason, ReasonCode::disconnect_with_will);
  EXPECT_EQ(got.session_expiry_s, 30U);
  EXPECT_EQ(got.reason_string, "tired");
}

TEST(DisconnectPacket, WithoutABodyIsNormal) {  // MQTT 5.0 section 3.14.2.1
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    Disconnect got;
    ASSERT_EQ(decode_disconnect("", version, got), ReasonCode::success);
    EXPECT_EQ(got.reason, ReasonCode::success);
    EXPECT_FALSE(got.session_expiry_s);
  }
}

TEST(DisconnectPacket, FromTheBrokerHasItsReason) {
  std::string out;
  encode_disconnect(ReasonCode::session_taken_over, Version::v5, out);
  EXPECT_EQ(to_hex(out), "E0 01 8E");
  out.clear();
  encode_disconnect(ReasonCode::malformed_packet, Version::v5, out, {.text = "topic is not UTF-8"});
  Disconnect got;
  ASSERT_EQ(testing::decode_server_disconnect(body_of(out), got), ReasonCode::success);
  EXPECT_EQ(got.reason_string, "topic is not UTF-8");
}

TEST(DisconnectPacket, IsNotSentInVersion4) {
  std::string out;
  encode_disconnect(ReasonCode::session_taken_over, Version::v3_1_1, out);
  EXPECT_EQ(out, "");
}

TEST(DisconnectPacket, DropsTheReasonStringWhereItDoesNotFit) {  // [MQTT-3.14.2-3]
  std::string out;
  encode_disconnect(ReasonCode::banned, Version::v5, out, {.text = "out", .packet_bytes_max = 9});
  EXPECT_EQ(to_hex(out), "E0 01 8A");
}

TEST(AuthPacket, ComesThrough) {
  std::string out;
  encode_auth({ReasonCode::continue_authentication, "SCRAM", "challenge"}, out);
  EXPECT_EQ(to_hex(out), to_hex(wire("F0 (18 (15 <'SCRAM'> 16 <'challenge'>))")));
  Auth got;
  ASSERT_EQ(decode_auth(body_of(out), Version::v5, got), ReasonCode::success);
  EXPECT_EQ(got.reason, ReasonCode::continue_authentication);
  EXPECT_EQ(got.method, "SCRAM");
  EXPECT_EQ(got.data, "challenge");
}

}  // namespace
}  // namespace headgate::broker
