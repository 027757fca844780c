#include "hub/session_records.h"

#include <gtest/gtest.h>

namespace headgate::hub {
namespace {

TEST(SessionRecords, GiveBackWhatWasPut) {
  const broker::StoredSession session{"client/1", 3600, 1'700'000'000'123, "edge-1/pump", true};
  const store::KeyValue stored = put_session(session);
  const auto read = read_session(stored.key, *stored.value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->client_id, session.client_id);
  EXPECT_EQ(read->expiry_s, session.expiry_s);
  EXPECT_EQ(read->ended_wall_ms, session.ended_wall_ms);
  EXPECT_EQ(read->username, session.username);
  EXPECT_EQ(read->edge, session.edge);
}

TEST(SessionRecords, ReadASessionFromBeforeThereWereUsers) {
  const auto read = read_session("session/c", std::string_view("\x90\x1c\x00", 3));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->expiry_s, 3600u);
  EXPECT_EQ(read->username, "");
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
  EXPECT_EQ(erase_session("c").key, put_session({"c", 1, 0}).key);
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
