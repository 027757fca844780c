#include "hub/shell/allocator.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

namespace headgate::hub {
namespace {

class IdleTrimTest : public ::testing::Test {
 protected:
  // So many seconds with so much work in each; how often memory was given back.
  int seconds(int count, uint64_t work_a_second) {
    int trimmed = 0;
    for (int i = 0; i < count; ++i) {
      work_ += work_a_second;
      now_ms_ += 1000;
      if (trim_.due(work_, {now_ms_, 0})) ++trimmed;
    }
    return trimmed;
  }

  IdleTrim trim_;
  uint64_t work_ = 0;
  int64_t now_ms_ = 77;
};

TEST_F(IdleTrimTest, GivesBackOnceItIsQuietAfterBusyMinutes) {
  EXPECT_EQ(seconds(120, 500), 0);
  EXPECT_EQ(seconds(9, 0), 0);
  EXPECT_EQ(seconds(600, 0), 1);
}

TEST_F(IdleTrimTest, LetsABusyHubAlone) { EXPECT_EQ(seconds(3'600, 100), 0); }

TEST_F(IdleTrimTest, GivesBackOnceWhatTheStartHasLeftAndLetsAnIdleHubAlone) {
  EXPECT_EQ(seconds(IdleTrim::kQuietMs / 1'000, 0), 0);
  EXPECT_EQ(seconds(3'600, 0), 1);
}

TEST_F(IdleTrimTest, CountsAFewKeepAlivesAsQuiet) {
  EXPECT_EQ(seconds(10, 500), 0);
  EXPECT_EQ(seconds(30, IdleTrim::kQuietWork), 1);
}

TEST_F(IdleTrimTest, ComesOnceAMinuteAtMost) {
  int trimmed = 0;
  for (int i = 0; i < 100; ++i) trimmed += seconds(5, 1'000) + seconds(15, 0);
  EXPECT_LE(trimmed, 100 * 20 / 60 + 1);
  EXPECT_GE(trimmed, 20);
}

// Pages of files that are in this process' memory.
int64_t mapped_file_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "RssFile:" && status >> kib) return kib;
  }
  return 0;
}

TEST(TrimMemory, UnmapsCodeThatIsNotUsedAndLeavesTheRest) {
  const int64_t before_kib = mapped_file_kib();
  trim_memory();
  EXPECT_LT(mapped_file_kib(), before_kib);
  EXPECT_EQ(std::regex_replace("mapped again", std::regex("a(.)ain"), "b$1in"), "mapped bgin");
}

}  // namespace
}  // namespace headgate::hub
