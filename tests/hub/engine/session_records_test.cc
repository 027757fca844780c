#include "hub/engine/session_records.h"

#include <gtest/gtest.h>

#include "store/format/record_codec.h"

namespace headgate::hub {
namespace {

TEST(SessionRecords, GiveBackWhatWasPut) {
  const StoredSession session{{"client/1", 3600, 1'700'000'000'123, "edge-1/pump", true}, 77};
  const store::KeyValue stored = put_session(session);
  const auto read = read_session(stored.key, *stored.value);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, session);
}

TEST(SessionRecords, AreReadFromBeforeTheySaidWhatWasSent) {
  const StoredSession expected{{"c", 60, 5}, kAnySeq};
  EXPECT_EQ(*read_session("session/c", std::string_view("\x3C\x05", 2)), expected);
  const StoredSession with_user{{"c", 60, 5, "u", true}, kAnySeq};
  EXPECT_EQ(*read_session("session/c", std::string_view("\x3C\x05\x01u\x01", 5)), with_user);
}

TEST(SessionRecords, KeepAWillWithItsProperties) {
  core::Message message;
  message.topic = "will";
  message.body = "gone";
  message.properties = std::make_shared<core::Properties>(
      core::Properties{"text/plain", "", "reply", "id", true, {{"a", "1"}, {"a", "2"}}});
  message.qos = 2;
  message.retain = true;
  const store::KeyValue stored = put_will(
      "c", {std::make_shared<const core::Message>(message), 60, 30, 1'700'000'000'123, "pump", true});
  EXPECT_EQ(stored.key, erase_will("c").key);
  const auto read = read_will(stored.key, *stored.value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->delay_s, 30u);
  EXPECT_TRUE(read->username == "pump" && read->edge);
  EXPECT_EQ(read->due_hub_ms, 1'700'000'000'123);
  EXPECT_EQ(read->message->body, "gone");
  EXPECT_EQ(read->message->props(), message.props());
  EXPECT_EQ(read->expiry_s, 60u);
  EXPECT_EQ(read->message->expires_ms, 0);
  EXPECT_TRUE(read->message->retain && read->message->qos == 2);
  EXPECT_FALSE(read_will("will/c", "\x80"));
}

TEST(SessionRecords, ReadAWillOfBeforeItsExpiryHadAField) {
  core::Message message;
  message.topic = "will";
  message.body = "gone";
  message.expires_ms = 60;  // in seconds
  std::string value("\x1E\x05\x04pump\x01", 8);
  store::encode_record(message, value);
  const auto read = read_will("will/c", value);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->delay_s == 30 && read->due_hub_ms == 5 && read->username == "pump" && read->edge);
  EXPECT_EQ(read->expiry_s, 60u);
  EXPECT_EQ(read->message->expires_ms, 0);
  EXPECT_EQ(read->message->body, "gone");
}

TEST(SessionRecords, KeepEveryOptionOfASubscription) {
  const broker::SubscriptionOptions options{2, true, true, 2, 268'435'455};
  const store::KeyValue stored = put_subscription("c", "plant/+/t/#", options);
  const auto read = read_subscription(stored.key, *stored.value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->client_id, "c");
  EXPECT_EQ(read->filter, "plant/+/t/#");
  EXPECT_EQ(read->options, options);
}

TEST(SessionRecords, KeepClientsApartWhoseIdsBeginAlike) {
  const std::string key = put_packet_id(kIncomingPrefix, "client", 258).key;
  EXPECT_FALSE(key.starts_with(put_packet_id(kIncomingPrefix, "clien", 258).key));
  const auto read = read_packet_id(kIncomingPrefix, key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->client_id, "client");
  EXPECT_EQ(read->packet_id, 258);
}

TEST(SessionRecords, EraseUnderTheKeyTheyPutUnder) {
  EXPECT_EQ(erase_session("c").key, put_session({{"c", 1, 0}, 0}).key);
  EXPECT_EQ(erase_subscription("c", "f").key, put_subscription("c", "f", {}).key);
  EXPECT_EQ(erase_packet_id(kReleasedPrefix, "c", 7).key, put_packet_id(kReleasedPrefix, "c", 7).key);
  EXPECT_FALSE(erase_session("c").value);
}

TEST(SessionRecords, SayWhichValueIsDamaged) {
  const auto read = read_session("session/c", "\x80");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, core::Errc::corrupt);
  EXPECT_NE(read.error().what.find("session/c"), std::string::npos);
  EXPECT_FALSE(read_subscription("subscription/no-separator", std::string_view("\0\0", 2)));
  EXPECT_FALSE(read_packet_id(kIncomingPrefix, "qos2-in/c"));
}

TEST(DeliveryTag, TakesOneByteWithoutSubscriptionIds) {
  EXPECT_EQ(to_tag({1, false, false, {}}).size(), 1u);
  const DeliveryTag tag{2, true, true, {1, 300, 268'435'455}};
  EXPECT_EQ(read_tag(to_tag(tag)), tag);
}

TEST(DeliveryTag, StaysWithinItsRoom) {
  DeliveryTag tag{1, false, false, {}};
  for (uint32_t i = 0; i < 500; ++i) tag.subscription_ids.push_back(268'435'455 - i);
  const std::string bytes = to_tag(tag);
  EXPECT_LE(bytes.size(), 255u);
  EXPECT_GE(read_tag(bytes).subscription_ids.size(), 40u);
}

TEST(RetainedRecord, ErasesWithAnEmptyBody) {  // [MQTT-3.3.1-6]
  core::Message message;
  message.topic = "a";
  EXPECT_FALSE(put_retained(message).value);
  message.body = "x";
  EXPECT_TRUE(put_retained(message).value);
}

}  // namespace
}  // namespace headgate::hub
