#include "broker/codec/packets/publish.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "broker/codec/frame.h"
#include "tests/broker/codec/parts.h"
#include "tests/broker/codec/wire_text.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using testing::message_of;
using testing::to_hex;
using testing::wire;

core::Message reading() { return message_of("a/b", "hi"); }

core::Message rich_reading() {
  core::Message message = reading();
  message.properties =
      std::make_shared<core::Properties>(core::Properties{.content_type = "text",
                                                          .content_encoding = "",
                                                          .response_topic = "r",
                                                          .correlation_data = std::string("\0\1", 2),
                                                          .payload_is_utf8 = true,
                                                          .user = {{"k", "1"}, {"k", "2"}}});
  return message;
}

std::string encode_hex(const core::Message& message, const PublishOptions& options, Version version) {
  std::string out;
  EXPECT_TRUE(encode_publish(message, options, version, out));
  return to_hex(out);
}

class PublishPacket : public ::testing::Test {
 protected:
  ReasonCode decode(const std::string& packet, Version version) {
    bytes_ = packet;
    const Frame frame = next_frame(bytes_, bytes_.size()).frame;
    return decode_publish(frame.body, frame.flags, version, publish_);
  }

  std::string bytes_;
  Publish publish_;
};

TEST_F(PublishPacket, OfTheStandardsExampleIsRead) {  // MQTT 3.1.1 section 3.3.2
  ASSERT_EQ(decode(wire("32 (<'a/b'> 000A 'hi')"), Version::v3_1_1), ReasonCode::success);
  EXPECT_EQ(publish_.topic, "a/b");
  EXPECT_EQ(publish_.packet_id, 10);
  EXPECT_EQ(publish_.qos, 1);
  EXPECT_EQ(publish_.payload, "hi");
  EXPECT_FALSE(publish_.retain || publish_.dup);
}

TEST_F(PublishPacket, KeepsEveryFieldOnTheWayThrough) {
  Publish sent{.topic = "a/b", .payload = "hi", .packet_id = 9, .qos = 2, .retain = true, .dup = true};
  sent.topic_alias = 3;
  sent.properties = {.payload_is_utf8 = true, .expiry_s = 0, .content_type = "text", .response_topic = "r"};
  sent.properties.correlation_data = "id";
  sent.properties.user = {{"k", "1"}, {"", ""}, {"k", "1"}};
  std::string packet;
  testing::encode_publish(sent, Version::v5, packet);
  ASSERT_EQ(decode(packet, Version::v5), ReasonCode::success);
  EXPECT_EQ(publish_.topic, "a/b");
  EXPECT_EQ(publish_.payload, "hi");
  EXPECT_EQ(publish_.packet_id, 9);
  EXPECT_EQ(publish_.qos, 2);
  EXPECT_TRUE(publish_.retain && publish_.dup && publish_.properties.payload_is_utf8);
  EXPECT_EQ(publish_.topic_alias, 3);
  EXPECT_EQ(publish_.properties.expiry_s, 0U) << "expired at once is not the same as never";
  EXPECT_EQ(publish_.properties.content_type, "text");
  EXPECT_EQ(publish_.properties.response_topic, "r");
  EXPECT_EQ(publish_.properties.correlation_data, "id");
  EXPECT_EQ(publish_.properties.user, sent.properties.user) << "in order [MQTT-3.3.2-18]";
}

TEST_F(PublishPacket, LeavesNothingBehindForTheNext) {
  ASSERT_EQ(
      decode(wire("33 (<'a'> 0007 (01 01 02 00000005 23 0001 03 <'t'> 26 <'k'> <'v'>) 'x')"), Version::v5),
      ReasonCode::success);
  ASSERT_EQ(decode(wire("30 (<'b'> ())"), Version::v5), ReasonCode::success);
  EXPECT_EQ(publish_.packet_id + publish_.topic_alias + publish_.qos, 0);
  EXPECT_FALSE(publish_.retain || publish_.properties.payload_is_utf8 || publish_.properties.expiry_s);
  EXPECT_TRUE(publish_.properties.user.empty() && publish_.properties.content_type.empty());
}

TEST_F(PublishPacket, TakesAnyBytesAsPayload) {
  ASSERT_EQ(decode(wire("30 (<'a'> 00 FF C0)"), Version::v3_1_1), ReasonCode::success);
  EXPECT_EQ(to_hex(publish_.payload), "00 FF C0");
}

TEST(EncodedPublish, IsByteExactInBothVersions) {
  EXPECT_EQ(encode_hex(reading(), {}, Version::v3_1_1), to_hex(wire("30 (<'a/b'> 'hi')")));
  EXPECT_EQ(encode_hex(reading(), {}, Version::v5), to_hex(wire("30 (<'a/b'> () 'hi')")));
  EXPECT_EQ(encode_hex(reading(), {.packet_id = 10, .qos = 1}, Version::v3_1_1),
            to_hex(wire("32 (<'a/b'> 000A 'hi')")));
  EXPECT_EQ(encode_hex(reading(), {.packet_id = 10, .qos = 2, .dup = true, .retain = true}, Version::v5),
            to_hex(wire("3D (<'a/b'> 000A () 'hi')")));
}

TEST(EncodedPublish, CarriesAllPropertiesInVersion5Only) {
  const std::array<uint32_t, 2> ids = {1, kVarintMax};
  const PublishOptions options{.topic_alias = 5, .subscription_ids = ids, .expiry_s = 60};
  EXPECT_EQ(
      encode_hex(rich_reading(), options, Version::v5),
      to_hex(wire("30 (<'a/b'> (01 01 02 0000003C 23 0005 03 <'text'> 08 <'r'> 09 <00 01> 0B 01 0B FFFFFF7F "
                  "26 <'k'> <'1'> 26 <'k'> <'2'>) 'hi')")));
  EXPECT_EQ(encode_hex(rich_reading(), options, Version::v3_1_1), to_hex(wire("30 (<'a/b'> 'hi')")));
}

TEST(EncodedPublish, LeavesTheTopicOutWhereTheAliasIsKnown) {
  const PublishOptions options{.topic_known = true, .topic_alias = 5};
  EXPECT_EQ(encode_hex(reading(), options, Version::v5), to_hex(wire("30 (<> (23 0005) 'hi')")));
}

TEST(EncodedPublish, InventsNoExpiry) {
  core::Message message = reading();
  message.expires_ms = 1'700'000'000'000;
  EXPECT_EQ(encode_hex(message, {}, Version::v5), to_hex(wire("30 (<'a/b'> () 'hi')")));
}

TEST(EncodedPublish, OfAPacketThatCameInIsTheSameAsOfItsMessage) {
  const PublishOptions options{.packet_id = 4, .qos = 1, .expiry_s = 9};
  const std::string from_message = encode_hex(rich_reading(), options, Version::v5);
  std::string bytes =
      wire("30 (<'a/b'> (01 01 03 <'text'> 08 <'r'> 09 <00 01> 26 <'k'> <'1'> 26 <'k'> <'2'>) 'hi')");
  Publish publish;
  ASSERT_EQ(decode_publish(next_frame(bytes, 999).frame.body, 0, Version::v5, publish), ReasonCode::success);
  std::string out;
  ASSERT_TRUE(encode_publish(publish, options, Version::v5, out));
  EXPECT_EQ(to_hex(out), from_message);
}

TEST(EncodedPublish, IsReadBackByAClient) {
  const std::array<uint32_t, 2> ids = {7, 300};
  std::string out;
  ASSERT_TRUE(
      encode_publish(rich_reading(), {.packet_id = 4, .qos = 1, .subscription_ids = ids}, Version::v5, out));
  const Frame frame = next_frame(out, out.size()).frame;
  testing::PublishFromServer got;
  ASSERT_EQ(testing::decode_server_publish(frame.body, frame.flags, Version::v5, got), ReasonCode::success);
  EXPECT_EQ(got.publish.topic, "a/b");
  EXPECT_EQ(got.publish.packet_id, 4);
  EXPECT_EQ(got.subscription_ids, (std::vector<uint32_t>{7, 300}));
  EXPECT_EQ(got.publish.properties.user.size(), 2U);
}

TEST(EncodedPublish, IsNotMadeLargerThanTheReceiverTakes) {  // [MQTT-3.1.2-24]
  std::string out = "before";
  EXPECT_TRUE(encode_publish(reading(), {.packet_bytes_max = 10}, Version::v5, out));
  EXPECT_EQ(out.size(), 16U);
  EXPECT_FALSE(encode_publish(reading(), {.packet_bytes_max = 9}, Version::v5, out));
  EXPECT_EQ(out.size(), 16U) << "nothing is left of the one that did not fit";
}

TEST(EncodedPublish, IsNotMadeOfStringsTooLongForTheWire) {
  core::Message message = message_of(std::string(65'536, 'x'), "");
  std::string out;
  EXPECT_FALSE(encode_publish(message, {}, Version::v5, out));
  message.topic.pop_back();
  EXPECT_TRUE(encode_publish(message, {}, Version::v5, out));
}

TEST(EncodedPublish, HasEveryWidthOfTheRemainingLength) {
  for (const size_t length : {127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    const core::Message message = message_of("t", std::string(length - 3, 'x'));
    std::string out;
    ASSERT_TRUE(encode_publish(message, {}, Version::v3_1_1, out));
    EXPECT_EQ(next_frame(out, SIZE_MAX).frame.body.size(), length);
  }
}

TEST(PublishTemplate, GivesEverySubscriberItsPacketId) {
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    for (const size_t body : {2U, 200U, 20'000U}) {
      core::Message message = rich_reading();
      message.body.assign(body, 'x');
      const PublishTemplate shared(message, {.qos = 1, .retain = true}, version);
      std::string copied = "…";
      std::string encoded = "…";
      shared.append_to(copied, 0x1234, true);
      ASSERT_TRUE(encode_publish(message, {.packet_id = 0x1234, .qos = 1, .dup = true, .retain = true},
                                 version, encoded));
      EXPECT_EQ(copied, encoded);
      EXPECT_EQ(shared.bytes() + std::string("…").size(), copied.size());
    }
  }
}

TEST(PublishTemplate, PatchesNothingForQos0) {
  const PublishTemplate shared(reading(), {}, Version::v3_1_1);
  std::string out;
  shared.append_to(out);
  EXPECT_EQ(to_hex(out), to_hex(wire("30 (<'a/b'> 'hi')")));
}

TEST(PublishTemplate, IsEmptyForWhatCannotBeEncoded) {
  const core::Message message = message_of(std::string(65'536, 'x'), "");
  EXPECT_EQ(PublishTemplate(message, {.qos = 1}, Version::v5).bytes(), 0U);
}

}  // namespace
}  // namespace headgate::broker
