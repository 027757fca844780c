#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "broker/codec/packets/publish.h"
#include "tests/broker/codec/allocation_count.h"
#include "tests/broker/codec/parts.h"
#include "tests/broker/codec/wire_text.h"

namespace headgate::broker {
namespace {

template <typename Work>
size_t allocations_of(Work work) {
  const size_t before = testing::allocation_count();
  work();
  return testing::allocation_count() - before;
}

size_t allocations_to_decode(const std::string& body, uint8_t flags, Version version, Publish& publish) {
  return allocations_of(
      [&] { EXPECT_EQ(decode_publish(body, flags, version, publish), ReasonCode::success); });
}

TEST(DecodingAPublish, AllocatesNothing) {
  Publish publish;
  EXPECT_EQ(
      allocations_to_decode(testing::wire("<'plant/hall/7'> 0001 'payload'"), 2, Version::v3_1_1, publish),
      0U);
  EXPECT_EQ(
      allocations_to_decode(testing::wire("<'t'> (02 00000001 03 <'json'>) 'x'"), 0, Version::v5, publish),
      0U);
}

TEST(DecodingAPublish, ReusesItsRoomForUserProperties) {
  const std::string body = testing::wire("<'t'> (26 <'a'> <'1'> 26 <'b'> <'2'>)");
  Publish publish;
  EXPECT_GT(allocations_to_decode(body, 0, Version::v5, publish), 0U);
  EXPECT_EQ(allocations_to_decode(body, 0, Version::v5, publish), 0U);
}

TEST(EncodingAPublish, AllocatesNothingWhereThereIsRoom) {
  const core::Message message = testing::message_of("plant/hall/7", std::string(200, 'x'));
  const PublishTemplate shared(message, {.qos = 1}, Version::v5);
  std::string out;
  out.reserve(1024);
  EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(encode_publish(message, {}, Version::v5, out)); }), 0U);
  EXPECT_EQ(allocations_of([&] { shared.append_to(out, 7); }), 0U);
}

}  // namespace
}  // namespace headgate::broker
