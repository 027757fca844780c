#include "core/text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace headgate::core {
namespace {

TEST(Text, IgnoresTheCaseOfAsciiLettersAlone) {
  EXPECT_TRUE(equals_ignoring_case("Utf-8", "uTF-8"));
  EXPECT_FALSE(equals_ignoring_case("utf-8", "utf-88"));
  EXPECT_FALSE(equals_ignoring_case("[", "{")) << "32 apart, and no letters";
  EXPECT_FALSE(equals_ignoring_case("\xC3\x84", "\xC3\xA4")) << "no ASCII";
  EXPECT_EQ(ascii_lowered("A\xC3\x84Z["), "a\xC3\x84z[");
}

TEST(Text, TakesNumbersThatAreTheWholeText) {
  EXPECT_EQ(parse_whole<uint64_t>("0012"), 12u);
  EXPECT_EQ(parse_whole<int>("-7"), -7);
  EXPECT_EQ(parse_whole<uint8_t>("fF", 16), 255);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1x", "0x1", "256"}) {
    EXPECT_FALSE(parse_whole<uint8_t>(text)) << text;
  }
}

}  // namespace
}  // namespace headgate::core
