#include "core/log_limiter.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace headgate::core {
namespace {

class LogLimiterTest : public ::testing::Test {
 protected:
  std::optional<uint64_t> line(std::string_view key) { return limiter_.admit(key, {now_ms_, 0}); }
  void pass_s(int64_t s) { now_ms_ += s * 1000; }

  LogLimiter limiter_;
  int64_t now_ms_ = 5;
};

TEST_F(LogLimiterTest, LetsOneLineAMinuteThroughAndCountsTheOthersInTheNext) {
  EXPECT_EQ(line("a"), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(line("a"), std::nullopt);
  pass_s(59);
  EXPECT_EQ(line("a"), std::nullopt);
  pass_s(1);
  EXPECT_EQ(line("a"), 8u);
  EXPECT_EQ(line("a"), std::nullopt);
  pass_s(60);
  EXPECT_EQ(line("a"), 1u);
}

TEST_F(LogLimiterTest, KeepsOffendersApart) {
  EXPECT_EQ(line("a"), 0u);
  EXPECT_EQ(line("b"), 0u);
  EXPECT_EQ(line("a"), std::nullopt);
}

TEST_F(LogLimiterTest, GivesInventedNamesOneLineBetweenThem) {
  int lines = 0;
  for (int i = 0; i < 100'000; ++i) lines += line(std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(lines, static_cast<int>(LogLimiter::kKeysMax));
  EXPECT_EQ(limiter_.keys(), LogLimiter::kKeysMax);
  EXPECT_EQ(line("an honest one"), std::nullopt);
}

TEST_F(LogLimiterTest, ForgetsThemAfterAMinute) {
  for (int i = 0; i < 10'000; ++i) (void)line(std::to_string(i));
  pass_s(60);
  EXPECT_EQ(line("an honest one"), 0u);
  EXPECT_EQ(limiter_.keys(), 1u);
}

TEST_F(LogLimiterTest, TellsASumForEachKeyOnceItsMinuteIsOver) {
  for (int i = 0; i < 3; ++i) (void)line("a");
  (void)line("b");
  EXPECT_TRUE(limiter_.take_sums({now_ms_, 0}).empty());
  pass_s(60);
  const auto sums = limiter_.take_sums({now_ms_, 0});
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_EQ(sums[0].key, "a");
  EXPECT_EQ(sums[0].lines, 2u);
  EXPECT_EQ(line("a"), std::nullopt);  // the sum was its line of this minute
  EXPECT_EQ(line("b"), 0u);
}

TEST_F(LogLimiterTest, RemembersNoMoreOfANameThanItMust) {
  const std::string longest(65'535, 'x');
  EXPECT_EQ(line(longest), 0u);
  EXPECT_EQ(line(longest + "y"), std::nullopt);
}

}  // namespace
}  // namespace headgate::core
