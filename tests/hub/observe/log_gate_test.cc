#include "hub/observe/log_gate.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::hub {
namespace {

class LogGateTest : public ::testing::Test {
 protected:
  bool line(std::string_view event, std::string_view name) { return gate_.admit(event, name, {now_ms_, 0}); }
  std::vector<LinesLeftOut> sums() { return gate_.take_sums({now_ms_, 0}); }
  void pass_s(int64_t s) { now_ms_ += s * 1000; }

  LogGate gate_;
  int64_t now_ms_ = 5;
};

TEST_F(LogGateTest, GivesAClientThatFlapsALineAMinuteAndThenASum) {
  EXPECT_TRUE(line("client_connected", "pump"));
  for (int i = 0; i < 177'000; ++i) EXPECT_FALSE(line("client_connected", "pump"));
  EXPECT_TRUE(sums().empty());
  pass_s(60);
  const auto told = sums();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].event, "client_connected");
  EXPECT_EQ(told[0].name, "pump");
  EXPECT_EQ(told[0].lines, 177'000u);
  EXPECT_EQ(gate_.left_out(), 177'000u);
}

TEST_F(LogGateTest, HasNoLineBesideTheSumWhileItGoesOnFlapping) {
  int written = 0;
  for (int s = 0; s < 600; ++s) {
    written += static_cast<int>(sums().size());
    if (line("client_connected", "pump")) ++written;
    pass_s(1);
  }
  EXPECT_LE(written, 11);
}

TEST_F(LogGateTest, KeepsEventsAndClientsApart) {
  EXPECT_TRUE(line("client_connected", "a"));
  EXPECT_TRUE(line("client_disconnected", "a"));
  EXPECT_TRUE(line("client_connected", "b"));
  EXPECT_FALSE(line("client_connected", "a"));
}

TEST_F(LogGateTest, BoundsWhatInventedNamesWrite) {
  int written = 0;
  for (int i = 0; i < 100'000; ++i) written += line("client_connected", std::to_string(i)) ? 1 : 0;
  EXPECT_LE(written, static_cast<int>(core::LogLimiter::kKeysMax));
  pass_s(60);
  uint64_t told = 0;
  for (const LinesLeftOut& sum : sums()) told += sum.lines;
  EXPECT_EQ(static_cast<uint64_t>(written) + told, 100'000u);
}

TEST_F(LogGateTest, LetsTheOperatorsOwnEventsThroughEachTime) {
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(line("routes_in_force", ""));
}

TEST_F(LogGateTest, BoundsAnEventThatComesWithEachMessage) {
  int written = 0;
  for (int i = 0; i < 50'000; ++i) written += line("dead_letter_dropped", "") ? 1 : 0;
  EXPECT_EQ(written, static_cast<int>(LogGate::kLinesOfAnEventMax));
  pass_s(60);
  const auto told = sums();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].lines, 49'000u);
  EXPECT_TRUE(line("dead_letter_dropped", ""));
}

TEST_F(LogGateTest, LosesNoneOfWhatCameJustBeforeALineAfterTheMinute) {
  EXPECT_TRUE(line("client_connected", "a"));
  EXPECT_FALSE(line("client_connected", "a"));
  pass_s(61);
  EXPECT_TRUE(line("client_connected", "a"));
  const auto told = sums();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].lines, 1u);
}

}  // namespace
}  // namespace headgate::hub
