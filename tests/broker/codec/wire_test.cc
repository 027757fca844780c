#include "broker/codec/wire.h"

#include <gtest/gtest.h>

#include <string>

#include "core/topic.h"
#include "tests/broker/codec/wire_text.h"

namespace headgate::broker {
namespace {

using testing::to_hex;
using testing::wire;

TEST(Reader, ReadsStraightThrough) {
  const std::string bytes = wire("01 0203 04050607 8001 <'text'> <00 FF> 'rest'");
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_EQ(reader.varint(), 128U);
  EXPECT_EQ(reader.utf8(), "text");
  EXPECT_EQ(to_hex(reader.binary()), "00 FF");
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_TRUE(reader.done());
}

TEST(Reader, LatchesTheFirstFailure) {
  Reader reader("\x01");
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0) << "nothing is read after a failure";
  EXPECT_EQ(reader.rest(), "");
  EXPECT_FALSE(reader.done());
}

TEST(Reader, RefusesVarintsLongerThanNeeded) {  // [MQTT-1.5.5-1]
  for (const char* bad : {"8000", "818000", "FFFFFF8000", "8080808001", "80", "FFFFFF"}) {
    const std::string bytes = wire(bad);
    Reader reader(bytes);
    EXPECT_EQ(reader.varint(), 0U) << bad;
    EXPECT_TRUE(reader.failed()) << bad;
  }
}

TEST(Varint, HasTheLimitsOfTheStandard) {  // MQTT 5.0 table 1-1
  for (const auto& [value, hex] : {std::pair{0U, "00"},
                                   {127U, "7F"},
                                   {128U, "80 01"},
                                   {16'383U, "FF 7F"},
                                   {16'384U, "80 80 01"},
                                   {2'097'151U, "FF FF 7F"},
                                   {2'097'152U, "80 80 80 01"},
                                   {kVarintMax, "FF FF FF 7F"}}) {
    std::string bytes;
    append_varint(bytes, value);
    EXPECT_EQ(to_hex(bytes), hex);
    EXPECT_EQ(bytes.size(), varint_bytes(value));
    EXPECT_EQ(Reader(bytes).varint(), value);
  }
}

TEST(Text, IsCheckedAsCoreDoesWhereverTheOddByteStands) {
  for (size_t length = 1; length <= 20; ++length) {
    for (size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'a');
        text[place] = static_cast<char>(byte);
        ASSERT_EQ(is_valid_text(text), core::is_valid_utf8(text)) << to_hex(text);
        ASSERT_EQ(is_valid_topic(text), core::is_valid_topic_name(text)) << to_hex(text);
      }
    }
  }
}

TEST(Text, MayBeEmptyButATopicMayNot) {
  EXPECT_TRUE(is_valid_text(""));
  EXPECT_FALSE(is_valid_topic(""));
}

TEST(Text, MayHoldAByteOrderMark) {  // [MQTT-1.5.4-3]: U+FEFF is neither skipped nor refused
  const std::string bytes = wire("<EF BB BF 'a'>");
  EXPECT_EQ(Reader(bytes).utf8(),
            "\xEF\xBB\xBF"
            "a");
}

}  // namespace
}  // namespace headgate::broker
