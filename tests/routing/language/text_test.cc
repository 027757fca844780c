#include "routing/language/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace headgate::routing {
namespace {

TEST(Text, CountsUtf16Units) {
  EXPECT_EQ(utf16_length("abc"), 3u);
  EXPECT_EQ(utf16_length("ä€"), 2u);
  EXPECT_EQ(utf16_length("😀"), 2u);
  EXPECT_EQ(utf16_offset("a€b", 2), 4u);
  EXPECT_EQ(utf16_offset("a€b", 3), 5u);
  EXPECT_EQ(utf16_offset("a€b", 4), std::nullopt);
  EXPECT_EQ(utf16_offset("😀b", 1), std::nullopt);
  EXPECT_EQ(utf16_offset("", 0), 0u);
}

TEST(Text, SortsInUtf16Order) {
  EXPECT_LT(compare_ordinal("a", "b"), 0);
  EXPECT_LT(compare_ordinal("a", "ab"), 0);
  EXPECT_GT(compare_ordinal("a", "B"), 0);
  EXPECT_EQ(compare_ordinal("ä", "ä"), 0);
  EXPECT_GT(compare_ordinal("\xEF\xBF\xBD", "😀"), 0);  // U+FFFD after the surrogates
  EXPECT_LT(compare_ordinal("\xED\x9F\xBF", "😀"), 0);  // U+D7FF before them
}

TEST(Text, ConvertsCaseWithoutLocale) {
  std::string out;
  to_lower("HeLLO ÄÖÉ ĀŁŻ ΑΩ ЖЁ ×", out);
  EXPECT_EQ(out, "hello äöé āłż αω жё ×");
  std::string upper;
  to_upper("hello äöé āłż αω жё ÷ ß", upper);
  EXPECT_EQ(upper, "HELLO ÄÖÉ ĀŁŻ ΑΩ ЖЁ ÷ ß");
}

TEST(Text, ReadsNumbersOfAnyStyle) {
  const std::pair<const char*, double> good[] = {{"3", 3},
                                                 {" -3.5 ", -3.5},
                                                 {"+3", 3},
                                                 {"3-", -3},
                                                 {"(3)", -3},
                                                 {"1,234,567.5", 1234567.5},
                                                 {".5", 0.5},
                                                 {"5.", 5},
                                                 {"1e3", 1000},
                                                 {"1E+3", 1000},
                                                 {"1e-3", 0.001},
                                                 {"¤5", 5},
                                                 {"-¤ 5", -5},
                                                 {"5 ¤", 5},
                                                 {"Infinity", HUGE_VAL},
                                                 {"10e1000", HUGE_VAL},
                                                 {"-10e1000", -HUGE_VAL},
                                                 {"1e-1000", 0}};
  for (const auto& [text, value] : good) EXPECT_EQ(parse_number(text), std::optional(value)) << text;
  for (const char* bad : {"", " ", "a", "1a", "1 2", "--1", "+1-", "(1", "()", "1e", ",", ".", "0x10", "nan",
                          "¤", "1.2.3", "-"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_number(std::string(1000, '1')), std::nullopt);
}

TEST(Text, MeasuresEdits) {
  EXPECT_EQ(edit_distance("FORM", "from"), 2u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("as_numbr", "as_number"), 1u);
}

}  // namespace
}  // namespace headgate::routing
