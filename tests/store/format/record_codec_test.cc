#include "store/format/record_codec.h"

#include <gtest/gtest.h>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

core::Message full_message() {
  core::Message message;
  message.topic = "plant/7/temperature";
  message.body = std::string("\x00\xff{}", 4);
  message.properties = std::make_shared<core::Properties>(core::Properties{
      "application/json", "utf-8", "reply/here", std::string("\x01\x00", 2), true, {{"k", "v"}, {"k", ""}}});
  message.source = std::make_shared<core::Source>(core::Source{"client-1", "device-1", "module-1", true});
  message.arrived_ms = 1'700'000'000'123;
  message.expires_ms = 1'700'000'060'000;
  message.qos = 2;
  message.retain = true;
  message.hops = 3;
  return message;
}

void expect_same(const core::Message& got, const core::Message& want) {
  EXPECT_EQ(got.topic, want.topic);
  EXPECT_EQ(got.body, want.body);
  EXPECT_EQ(got.props(), want.props());
  EXPECT_EQ(got.source == nullptr, want.source == nullptr);
  EXPECT_EQ(got.source ? *got.source : core::Source{}, want.source ? *want.source : core::Source{});
  EXPECT_EQ(got.arrived_ms, want.arrived_ms);
  EXPECT_EQ(got.expires_ms, want.expires_ms);
  EXPECT_EQ(std::tuple(got.qos, got.retain, got.hops), std::tuple(want.qos, want.retain, want.hops));
}

std::string encoded(const core::Message& message) {
  std::string bytes;
  encode_record(message, bytes);
  return bytes;
}

TEST(RecordCodec, KeepsEveryField) {
  const auto back = decode_record(encoded(full_message()));
  ASSERT_TRUE(back);
  expect_same(**back, full_message());
}

TEST(RecordCodec, SpendsTenBytesOnAPlainMessage) {
  core::Message plain;
  plain.topic = "a/b";
  plain.body = "21.5";
  plain.arrived_ms = 1'700'000'000'123;
  const std::string bytes = encoded(plain);
  EXPECT_LE(bytes.size(), plain.topic.size() + plain.body.size() + 10);
  const auto back = decode_record(bytes);
  ASSERT_TRUE(back);
  expect_same(**back, plain);
}

TEST(RecordCodec, RefusesEveryTruncation) {
  const std::string bytes = encoded(full_message());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, size))) << "at " << size;
  }
}

TEST(RecordCodec, CountsTopicBodyAndProperties) {
  const core::Message message = full_message();
  EXPECT_EQ(stored_bytes(message), 19u + 4 + 16 + 5 + 10 + 2 + 3);
}

TEST(Varint, RoundTripsTheEdges) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 32, ~uint64_t{0}}) {
    std::string bytes;
    put_varint(bytes, value);
    Decoder in(bytes);
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.at_end());
  }
}

TEST(Varint, SaysWhenBytesRunOut) {
  Decoder in("\x80");
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace headgate::store
