#include "broker/codec/packets/connect.h"

#include <gtest/gtest.h>

#include <string>

#include "broker/codec/frame.h"
#include "broker/codec/packets/connack.h"
#include "broker/codec/properties.h"
#include "tests/broker/codec/wire_text.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using testing::to_hex;
using testing::wire;

class ConnectPacket : public ::testing::Test {
 protected:
  // The decoded packet; its views point into bytes the fixture keeps.
  Connect decode(const std::string& packet) {
    bytes_ = packet;
    Connect connect;
    reason_ = decode_connect(next_frame(bytes_, bytes_.size()).frame.body, connect);
    return connect;
  }
  Connect round_trip(const Connect& connect) {
    std::string packet;
    testing::encode_connect(connect, packet);
    return decode(packet);
  }

  std::string bytes_;
  ReasonCode reason_ = ReasonCode::unspecified_error;
};

TEST_F(ConnectPacket, OfTheStandardsExampleIsRead) {  // MQTT 5.0 section 3.1.2.12
  const Connect connect =
      decode(wire("10 (<'MQTT'> 05 CE 000A (11 0000000A) <'c'> () <'w'> <'x'> <'u'> <'p'>)"));
  ASSERT_EQ(reason_, ReasonCode::success);
  EXPECT_EQ(connect.version, Version::v5);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive_s, 10);
  EXPECT_EQ(connect.session_expiry_s, 10U);
  EXPECT_EQ(connect.will->qos, 1);
  EXPECT_FALSE(connect.will->retain);
  EXPECT_EQ(connect.username, "u");
  EXPECT_EQ(connect.password, "p");
}

TEST_F(ConnectPacket, OfVersion4HasTheDefaultsOfVersion5) {
  const Connect connect = decode(wire("10 (<'MQTT'> 04 00 003C <>)"));
  ASSERT_EQ(reason_, ReasonCode::success);
  EXPECT_EQ(connect.version, Version::v3_1_1);
  EXPECT_FALSE(connect.clean_start);
  EXPECT_EQ(connect.client_id, "");
  EXPECT_EQ(connect.receive_maximum, 65'535);
  EXPECT_EQ(connect.packet_bytes_max, 0U);
  EXPECT_FALSE(connect.will || connect.username || connect.password || connect.authentication_method);
}

TEST_F(ConnectPacket, KeepsEveryFieldOnTheWayThrough) {
  Connect sent{.version = Version::v5, .clean_start = true, .keep_alive_s = 30, .client_id = "sensor"};
  sent.session_expiry_s = 0xFFFFFFFF;
  sent.receive_maximum = 20;
  sent.packet_bytes_max = 65'536;
  sent.topic_alias_maximum = 10;
  sent.request_response_information = true;
  sent.request_problem_information = false;
  sent.authentication_method = "SCRAM";
  sent.authentication_data = "data";
  const Connect got = round_trip(sent);
  ASSERT_EQ(reason_, ReasonCode::success);
  EXPECT_EQ(got.client_id, "sensor");
  EXPECT_EQ(got.keep_alive_s, 30);
  EXPECT_EQ(got.session_expiry_s, 0xFFFFFFFF);
  EXPECT_EQ(got.receive_maximum, 20);
  EXPECT_EQ(got.packet_bytes_max, 65'536U);
  EXPECT_EQ(got.topic_alias_maximum, 10);
  EXPECT_TRUE(got.request_response_information);
  EXPECT_FALSE(got.request_problem_information);
  EXPECT_EQ(got.authentication_method, "SCRAM");
  EXPECT_EQ(got.authentication_data, "data");
}

TEST_F(ConnectPacket, KeepsTheWillOnTheWayThrough) {
  Connect sent{.version = Version::v5, .client_id = "c"};
  Will& will = sent.will.emplace();
  will = {.topic = "state/c", .payload = "gone", .qos = 2, .retain = true, .delay_s = 5};
  will.properties = {.payload_is_utf8 = true, .expiry_s = 60, .content_type = "text", .response_topic = "r"};
  will.properties.user = {{"k", "v"}};
  const Connect got = round_trip(sent);
  ASSERT_EQ(reason_, ReasonCode::success);
  EXPECT_EQ(got.will->topic, "state/c");
  EXPECT_EQ(got.will->payload, "gone");
  EXPECT_EQ(got.will->qos, 2);
  EXPECT_TRUE(got.will->retain);
  EXPECT_EQ(got.will->delay_s, 5U);
  EXPECT_EQ(got.will->properties.expiry_s, 60U);
  EXPECT_EQ(got.will->properties.user, will.properties.user);
}

TEST_F(ConnectPacket, OfVersion31IsReadAsOneOf311) {
  const Connect got = decode(wire("10 (<'MQIsdp'> 03 C2 003C <'a client id of more than 23'> <'u'> <'p'>)"));
  EXPECT_EQ(reason_, ReasonCode::success);
  EXPECT_TRUE(got.is_v3_1);
  EXPECT_EQ(got.version, Version::v3_1_1);
  EXPECT_EQ(got.client_id, "a client id of more than 23");
  EXPECT_EQ(got.username, "u");
  EXPECT_FALSE(decode(wire("10 (<'MQTT'> 04 02 003C <'c'>)")).is_v3_1);
}

TEST_F(ConnectPacket, OfVersion31MayFlagAUserNameThatIsNotThere) {  // MQTT 3.1 section 3.1
  EXPECT_FALSE(decode(wire("10 (<'MQIsdp'> 03 C2 003C <'c'>)")).username);
  EXPECT_EQ(reason_, ReasonCode::success);
  EXPECT_FALSE(decode(wire("10 (<'MQIsdp'> 03 C2 003C <'c'> <'u'>)")).password);
  EXPECT_EQ(reason_, ReasonCode::success);
}

TEST_F(ConnectPacket, TellsWhichVersionToRefuseIn) {  // [MQTT-3.1.2-2]
  EXPECT_EQ(decode(wire("10 (<'MQTT'> 84 02 003C <'c'>)")).version, Version::v3_1_1) << "a Mosquitto bridge";
  EXPECT_EQ(decode(wire("10 (<'MQTT'> 06 02 003C () <'c'>)")).version, Version::v5);
  EXPECT_EQ(decode(wire("10 (<'MQTT'> 05 03 003C () <'c'>)")).version, Version::v5) << "a reserved flag";
}

std::string connack_hex(const Connack& connack, Version version) {
  std::string out;
  encode_connack(connack, version, out);
  return to_hex(out);
}

TEST(ConnackPacket, IsFourBytesInVersion4) {  // MQTT 3.1.1 section 3.2
  EXPECT_EQ(connack_hex({}, Version::v3_1_1), "20 02 00 00");
  EXPECT_EQ(connack_hex({.session_present = true}, Version::v3_1_1), "20 02 01 00");
  EXPECT_EQ(connack_hex({.reason = ReasonCode::not_authorized}, Version::v3_1_1), "20 02 00 05");
}

TEST(ConnackPacket, IsShortWithoutProperties) {
  EXPECT_EQ(connack_hex({}, Version::v5), "20 03 00 00 00");
  EXPECT_EQ(connack_hex({.session_present = true}, Version::v5), "20 03 01 00 00");
}

TEST(ConnackPacket, NeverHasResponseInformation) {  // [MQTT-3.1.2-28]
  Connack connack;
  connack.assigned_client_id = "c";
  connack.server_keep_alive_s = 1;
  connack.receive_maximum = 1;
  std::string out;
  encode_connack(connack, Version::v5, out);
  Reader packet(std::string_view(out).substr(4));  // behind fixed header, flags and reason
  PropertyReader properties(packet, PropertyPlace::connack, Sender::server);
  Property property;
  while (properties.next(property)) EXPECT_NE(property.id, PropertyId::response_information);
  EXPECT_EQ(properties.status(), ReasonCode::success);
}

TEST(ConnackPacket, NeverReportsASessionWithAnError) {  // [MQTT-3.2.2-6]
  EXPECT_EQ(connack_hex({.session_present = true, .reason = ReasonCode::server_busy}, Version::v5),
            "20 03 00 89 00");
  EXPECT_EQ(connack_hex({.session_present = true, .reason = ReasonCode::server_busy}, Version::v3_1_1),
            "20 02 00 03");
}

TEST(ConnackPacket, SaysWhatDiffersFromTheProtocolsDefaults) {
  Connack connack{
      .receive_maximum = 20, .maximum_qos = 1, .retain_available = false, .assigned_client_id = "a"};
  connack.server_keep_alive_s = 60;
  EXPECT_EQ(connack_hex(connack, Version::v5),
            to_hex(wire("20 (00 00 (21 0014 24 01 25 00 13 003C 12 <'a'>))")));
}

TEST(ConnackPacket, KeepsEveryFieldOnTheWayThrough) {
  Connack sent{
      .session_present = true, .session_expiry_s = 7, .packet_bytes_max = 1000, .topic_alias_maximum = 9};
  sent.wildcard_subscriptions_available = sent.shared_subscriptions_available = false;
  sent.authentication_method = "m";
  sent.authentication_data = "d";
  sent.reason_text.text = "welcome";
  std::string out;
  encode_connack(sent, Version::v5, out);
  Connack got;
  ASSERT_EQ(testing::decode_connack(next_frame(out, out.size()).frame.body, Version::v5, got),
            ReasonCode::success);
  EXPECT_TRUE(got.session_present);
  EXPECT_EQ(got.session_expiry_s, 7U);
  EXPECT_EQ(got.packet_bytes_max, 1000U);
  EXPECT_EQ(got.topic_alias_maximum, 9);
  EXPECT_FALSE(got.wildcard_subscriptions_available || got.shared_subscriptions_available);
  EXPECT_TRUE(got.subscription_identifiers_available);
  EXPECT_EQ(got.authentication_method, "m");
  EXPECT_EQ(got.authentication_data, "d");
  EXPECT_EQ(got.reason_text.text, "welcome");
}

TEST(ConnackPacket, DropsTheReasonStringWhereItDoesNotFit) {  // [MQTT-3.2.2-19]
  Connack connack{.reason = ReasonCode::banned, .reason_text = {.text = "out", .packet_bytes_max = 11}};
  EXPECT_EQ(connack_hex(connack, Version::v5), to_hex(wire("20 (00 8A (1F <'out'>))")));
  connack.reason_text.packet_bytes_max = 10;
  EXPECT_EQ(connack_hex(connack, Version::v5), "20 03 00 8A 00");
}

TEST(ReasonCodes, BecomeTheReturnCodesOfVersion4) {  // MQTT 3.1.1 table 3.1
  EXPECT_EQ(to_v3_connack(ReasonCode::success), 0);
  EXPECT_EQ(to_v3_connack(ReasonCode::unsupported_protocol_version), 1);
  EXPECT_EQ(to_v3_connack(ReasonCode::client_identifier_not_valid), 2);
  EXPECT_EQ(to_v3_connack(ReasonCode::quota_exceeded), 3);
  EXPECT_EQ(to_v3_connack(ReasonCode::bad_user_name_or_password), 4);
  EXPECT_EQ(to_v3_connack(ReasonCode::not_authorized), 5);
}

TEST(ReasonCodes, HaveNames) {  // MQTT 5.0 table 2-6
  for (int code = 0x80; code <= 0xA2; ++code)
    EXPECT_NE(name(static_cast<ReasonCode>(code)), "unknown") << code;
  for (const int code : {0x00, 0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x19})
    EXPECT_NE(name(static_cast<ReasonCode>(code)), "unknown") << code;
  EXPECT_EQ(name(static_cast<ReasonCode>(0x42)), "unknown");
  EXPECT_EQ(name(ReasonCode::packet_too_large), "packet too large");
  EXPECT_EQ(name(ReasonCode::wildcard_subscriptions_not_supported), "wildcard subscriptions not supported");
  EXPECT_EQ(name(static_cast<ReasonCode>(0xA3)), "unknown");
}

}  // namespace
}  // namespace headgate::broker
