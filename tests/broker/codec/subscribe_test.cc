#include "broker/codec/packets/subscribe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "broker/codec/frame.h"
#include "broker/codec/packets/suback.h"
#include "broker/codec/packets/unsuback.h"
#include "broker/codec/packets/unsubscribe.h"
#include "tests/broker/codec/parts.h"
#include "tests/broker/codec/wire_text.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using testing::body_of;
using testing::to_hex;
using testing::wire;

TEST(SubscribePacket, OfTheStandardsExampleIsRead) {  // MQTT 5.0 section 3.8.3
  const std::string packet = wire("82 (000A () <'a/b'> 01 <'c/d'> 02)");
  Subscribe subscribe;
  ASSERT_EQ(decode_subscribe(body_of(packet), Version::v5, subscribe), ReasonCode::success);
  EXPECT_EQ(subscribe.packet_id, 10);
  ASSERT_EQ(subscribe.requests.size(), 2U);
  EXPECT_EQ(subscribe.requests[0].filter.filter, "a/b");
  EXPECT_EQ(subscribe.requests[0].qos, 1);
  EXPECT_EQ(subscribe.requests[1].filter.filter, "c/d");
  EXPECT_EQ(subscribe.requests[1].qos, 2);
}

TEST(SubscribePacket, KeepsEveryOptionOnTheWayThrough) {
  Subscribe sent{.packet_id = 7, .subscription_id = 200'000, .requests = {}};
  sent.requests.push_back({.filter = {"a/#", {}, "a/#"},
                           .qos = 1,
                           .no_local = true,
                           .retain_as_published = true,
                           .retain_handling = RetainHandling::do_not_send});
  std::string packet;
  testing::encode_subscribe(sent, Version::v5, packet);
  Subscribe got;
  ASSERT_EQ(decode_subscribe(body_of(packet), Version::v5, got), ReasonCode::success);
  EXPECT_EQ(got.subscription_id, 200'000U);
  EXPECT_EQ(got.requests[0].qos, 1);
  EXPECT_TRUE(got.requests[0].no_local && got.requests[0].retain_as_published);
  EXPECT_EQ(got.requests[0].retain_handling, RetainHandling::do_not_send);
}

TEST(SubscribePacket, LeavesNothingBehindForTheNext) {
  const std::string first = wire("82 (0001 (0B 05) <'a'> 00 <'b'> 00)");
  const std::string second = wire("82 (0002 () <'c'> 00)");
  Subscribe subscribe;
  ASSERT_EQ(decode_subscribe(body_of(first), Version::v5, subscribe), ReasonCode::success);
  ASSERT_EQ(decode_subscribe(body_of(second), Version::v5, subscribe), ReasonCode::success);
  EXPECT_EQ(subscribe.subscription_id, 0U);
  EXPECT_EQ(subscribe.requests.size(), 1U);
}

TEST(SharedFilter, IsTakenApart) {  // MQTT 5.0 section 4.8.2
  TopicFilter filter;
  ASSERT_EQ(parse_topic_filter("$share/g/a/+/#", filter), ReasonCode::success);
  EXPECT_TRUE(filter.is_shared());
  EXPECT_EQ(filter.text, "$share/g/a/+/#");
  EXPECT_EQ(filter.share, "g");
  EXPECT_EQ(filter.filter, "a/+/#");
}

TEST(SharedFilter, IsOneOnlyWithItsWholePrefix) {
  for (const char* text : {"$share", "$shared/g/t", "share/g/t", "$SYS/#"}) {
    TopicFilter filter;
    ASSERT_EQ(parse_topic_filter(text, filter), ReasonCode::success) << text;
    EXPECT_FALSE(filter.is_shared()) << text;
    EXPECT_EQ(filter.filter, text);
  }
}

TEST(SharedFilter, OfAnEmptyLevelIsAllowed) {  // "$share/g//t" matches "/t"
  TopicFilter filter;
  ASSERT_EQ(parse_topic_filter("$share/g//t", filter), ReasonCode::success);
  EXPECT_EQ(filter.filter, "/t");
}

TEST(UnsubscribePacket, OfTheStandardsExampleIsRead) {  // MQTT 5.0 section 3.10.3
  const std::string packet = wire("A2 (000A () <'a/b'> <'$share/g/c/d'>)");
  Unsubscribe unsubscribe;
  ASSERT_EQ(decode_unsubscribe(body_of(packet), Version::v5, unsubscribe), ReasonCode::success);
  EXPECT_EQ(unsubscribe.packet_id, 10);
  ASSERT_EQ(unsubscribe.filters.size(), 2U);
  EXPECT_EQ(unsubscribe.filters[0].text, "a/b");
  EXPECT_EQ(unsubscribe.filters[1].share, "g");
}

TEST(UnsubscribePacket, ComesThrough) {
  const Unsubscribe sent{.packet_id = 3, .filters = {{"a", {}, "a"}, {"b/+", {}, "b/+"}}};
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    std::string packet;
    testing::encode_unsubscribe(sent, version, packet);
    Unsubscribe got;
    ASSERT_EQ(decode_unsubscribe(body_of(packet), version, got), ReasonCode::success);
    EXPECT_EQ(got.filters[1].filter, "b/+");
  }
}

constexpr std::array kReasons = {ReasonCode::success, ReasonCode::granted_qos_2, ReasonCode::not_authorized};

TEST(SubackPacket, HasACodeForEveryFilter) {  // [MQTT-3.9.3-1]
  std::string out;
  encode_suback(10, kReasons, Version::v5, out);
  EXPECT_EQ(to_hex(out), to_hex(wire("90 (000A () 00 02 87)")));
}

TEST(SubackPacket, HasOneErrorInVersion4) {  // [MQTT-3.9.3-2] of 3.1.1
  std::string out;
  encode_suback(10, kReasons, Version::v3_1_1, out);
  EXPECT_EQ(to_hex(out), to_hex(wire("90 (000A 00 02 80)")));
}

TEST(SubackPacket, IsReadBackByAClient) {
  std::string out;
  encode_suback(10, kReasons, Version::v5, out, {.text = "no"});
  testing::Answers answers;
  ASSERT_EQ(testing::decode_suback(body_of(out), Version::v5, answers), ReasonCode::success);
  EXPECT_EQ(answers.packet_id, 10);
  EXPECT_THAT(answers.reasons, ::testing::ElementsAreArray(kReasons));
  EXPECT_EQ(answers.reason_string, "no");
}

TEST(SubackPacket, DropsTheReasonStringWhereItDoesNotFit) {  // [MQTT-3.9.2-1]
  std::string out;
  encode_suback(10, kReasons, Version::v5, out, {.text = "no", .packet_bytes_max = 12});
  EXPECT_EQ(to_hex(out), to_hex(wire("90 (000A () 00 02 87)")));
}

TEST(UnsubackPacket, DropsTheReasonStringWhereItDoesNotFit) {  // [MQTT-3.11.2-1]
  std::string out;
  encode_unsuback(10, kReasons, Version::v5, out, {.text = "no", .packet_bytes_max = 12});
  EXPECT_EQ(to_hex(out), to_hex(wire("B0 (000A () 00 02 87)")));
}

TEST(UnsubackPacket, HasCodesInVersion5Only) {  // [MQTT-3.11.3-1]
  constexpr std::array kOutcomes = {ReasonCode::success, ReasonCode::no_subscription_existed};
  std::string out;
  encode_unsuback(10, kOutcomes, Version::v5, out);
  EXPECT_EQ(to_hex(out), to_hex(wire("B0 (000A () 00 11)")));
  out.clear();
  encode_unsuback(10, kOutcomes, Version::v3_1_1, out);
  EXPECT_EQ(to_hex(out), "B0 02 00 0A");
}

TEST(UnsubackPacket, IsReadBackByAClient) {
  constexpr std::array kOutcomes = {ReasonCode::no_subscription_existed};
  std::string out;
  encode_unsuback(10, kOutcomes, Version::v5, out, {.text = "never had it"});
  testing::Answers answers;
  ASSERT_EQ(testing::decode_unsuback(body_of(out), Version::v5, answers), ReasonCode::success);
  EXPECT_THAT(answers.reasons, ::testing::ElementsAreArray(kOutcomes));
  EXPECT_EQ(answers.reason_string, "never had it");
}

}  // namespace
}  // namespace headgate::broker
