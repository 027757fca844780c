#include "upstream/payload/columns/numerals.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::upstream::columns {
namespace {

TEST(Numerals, AreDecimalsOfUpTo18Digits) {
  struct Case {
    const char* text;
    int64_t digits;
    int decimals;
  };
  for (const Case& each :
       {Case{"0", 0, 0}, Case{"-1", -1, 0}, Case{"81.25", 8125, 2}, Case{"-0.5", -5, 1}, Case{"1.50", 150, 2},
        Case{"0.00", 0, 2}, Case{"999999999999999999", 999999999999999999, 0},
        Case{"0.12345678901234567", 12345678901234567, 17}}) {
    const auto decimal = decimal_of(each.text);
    ASSERT_TRUE(decimal) << each.text;
    EXPECT_EQ(decimal->digits, each.digits) << each.text;
    EXPECT_EQ(decimal->decimals, each.decimals) << each.text;
  }
}

TEST(Numerals, AreNoDecimalsIfTheirTextWouldNotComeBack) {
  for (const char* text :
       {"", "-", "-0", "-0.0", "01", "1.", ".5", "+1", "1e5", "1E5", "1e400", "1234567890123456789",
        "0.123456789012345678", "1.5 ", " 1", "true", "0x1", "1.5.2", "--1"})
    EXPECT_FALSE(decimal_of(text)) << text;
}

TEST(Numerals, SayWhatCannotBeScaled) {
  EXPECT_EQ(scaled({15, 1}, 4), 15000);
  EXPECT_FALSE(scaled({999999999999999999, 0}, 17));
}

TEST(Numerals, AreWrittenWithoutZerosDownToAMinimum) {
  EXPECT_EQ(written_decimals(15000, 4, 0), 1);
  EXPECT_EQ(written_decimals(15000, 4, 2), 2);
  EXPECT_EQ(written_decimals(-20000, 4, 0), 0);
  EXPECT_EQ(written_decimals(0, 3, 1), 1);
}

TEST(Numerals, AreTimesSince1970) {
  EXPECT_EQ(time_of("1970-01-01T00:00:00Z")->count, 0);
  EXPECT_EQ(time_of("2026-08-17T20:50:00.250Z")->count, 1786999800250);
  EXPECT_EQ(time_of("2024-02-29 23:59:59.5+01:00")->zone, "+01:00");
  EXPECT_EQ(time_of("2024-02-29 23:59:59.5")->between, ' ');
  EXPECT_EQ(time_of("2199-12-31T23:59:59.999999999Z")->count, 7258118399999999999);
}

TEST(Numerals, AreNoTimesIfTheirTextWouldNotComeBack) {
  for (const char* text :
       {"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T23:59:60Z",
        "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2026-01-01_00:00:00Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00\\u005a", "2026-01-01T00:00",
        "2026-1-01T00:00:000"})
    EXPECT_FALSE(time_of(text)) << text;
}

}  // namespace
}  // namespace headgate::upstream::columns
