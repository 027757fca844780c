#include "core/units.h"

#include <gtest/gtest.h>

namespace headgate::core {
namespace {

TEST(Units, ReadTimes) {
  const std::vector<std::pair<std::string, int64_t>> times = {
      {"250ms", 250}, {"90s", 90'000}, {"5 m", 300'000}, {"12h", 43'200'000}, {"7d", 604'800'000}};
  for (const auto& [text, ms] : times) {
    const auto parsed = parse_duration_ms(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, ms) << text;
  }
}

TEST(Units, RefuseWhatIsNoTime) {
  for (const char* text : {"", "7", "d", "-1d", "7 days", "1.5h", "7D", "999999999999999999d"}) {
    EXPECT_FALSE(parse_duration_ms(text)) << text;
  }
}

TEST(Units, ReadSizes) {
  EXPECT_EQ(*parse_byte_size("64MiB"), 64u << 20U);
  EXPECT_EQ(*parse_byte_size("2 kB"), 2000u);
  EXPECT_FALSE(parse_byte_size("64"));
}

}  // namespace
}  // namespace headgate::core
