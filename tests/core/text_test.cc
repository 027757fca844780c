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

TEST(Text, IsShortenedInItsMiddleByCharacters) {
  EXPECT_EQ(shortened("pump-7", 6), "pump-7");
  EXPECT_EQ(shortened("abcdefghijkl", 9), "abcde\u2026jkl");
  EXPECT_EQ(shortened("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4", 6), "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4");
  EXPECT_EQ(shortened("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4", 4), "\u00e4\u00e4\u2026\u00e4");
}

TEST(Text, IsShortenedWhateverItsBytes) {
  EXPECT_LE(shortened(std::string(60'000, '\x80'), 64).size(), 4 * 64u);
  EXPECT_LE(shortened(std::string(60'000, '\xff'), 64).size(), 4 * 64u);
}

TEST(Text, TakesNumbersThatAreTheWholeText) {
  EXPECT_EQ(parse_whole<uint64_t>("0012"), 12u);
  EXPECT_EQ(parse_whole<int>("-7"), -7);
  EXPECT_EQ(parse_whole<uint8_t>("fF", 16), 255);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1x", "0x1", "256"}) {
    EXPECT_FALSE(parse_whole<uint8_t>(text)) << text;
  }
}

TEST(Printable, LeavesTheWritingOfEveryLanguageAlone) {
  for (const char* text :
       {"", "plant/line-4", "größe", "测试/температура", "مرحبا", "שלום", "a\u0301", "🌡 21 °C"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_TRUE(is_printable(text)) << text;
  }
}

TEST(Printable, EscapesWhatDrivesATerminal) {
  EXPECT_EQ(printable(std::string_view("\0a\x1b[2J\x7f", 7)), R"(\x00a\x1b[2J\x7f)");
  EXPECT_EQ(printable("\u0080\u009b2J\u009f"), R"(\u{80}\u{9b}2J\u{9f})")
      << "C1, which are two bytes of UTF-8";
  EXPECT_EQ(printable("a\r\n\tb"), R"(a\x0d\n\x09b)");
}

TEST(Printable, EscapesWhatTurnsTheLineRound) {
  for (const char* mark : {"\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    EXPECT_FALSE(is_printable(mark));
    EXPECT_EQ(printable(mark).substr(0, 3), "\\u{") << printable(mark);
  }
  EXPECT_EQ(printable("user\u202egpj.exe"), R"(user\u{202e}gpj.exe)");
}

TEST(Printable, EscapesWhatHides) {
  for (const char* one :
       {"\u00ad", "\u034f", "\u115f", "\u180e", "\u200b", "\u200d", "\u2028", "\u2060", "\u2064", "\u206f",
        "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufffb", "\U000e0041", "\U000e01ef"})
    EXPECT_FALSE(is_printable(one)) << printable(one);
}

TEST(Printable, ShowsBytesThatAreNoText) {
  EXPECT_EQ(printable("a\x9b\xc3"), R"(a\x9b\xc3)");
  EXPECT_EQ(printable("\xc0\x80\xed\xa0\x80\xf5"), R"(\xc0\x80\xed\xa0\x80\xf5)")
      << "overlong, surrogate, too far";
}

TEST(Printable, KeepsLineFeedsWhereAsked) { EXPECT_EQ(printable("a\n\x1b", LineFeeds::kept), "a\n\\x1b"); }

}  // namespace
}  // namespace headgate::core
