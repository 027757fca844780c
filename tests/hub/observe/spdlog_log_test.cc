#include "hub/observe/spdlog_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

TEST(LogLine, IsEventAndPairs) {
  EXPECT_EQ(format_log_line("client_closed", {{"id", "pump-1"}, {"reason", 0x8e}}),
            "client_closed id=pump-1 reason=142");
}

TEST(LogLine, QuotesWhatWouldBreakThePairs) {
  EXPECT_EQ(format_log_line("e", {{"a", "two words"}, {"b", ""}, {"c", "x=y"}}),
            R"(e a="two words" b="" c="x=y")");
}

TEST(LogLine, IsAlwaysOneLine) {
  EXPECT_EQ(format_log_line("e", {{"a", "1\n2\x01\"\\"}}), R"(e a="1\n2\x01\"\\")");
}

TEST(LogLine, ShowsNothingOfAStrangerThatHidesOrDrivesATerminal) {
  EXPECT_EQ(format_log_line("e", {{"client", "a\u009b2Jb"}, {"topic", "\u202etxt"}, {"raw", "\x9b"}}),
            R"(e client="a\u{9b}2Jb" topic="\u{202e}txt" raw="\x9b")");
  EXPECT_EQ(format_log_line("e", {{"client", "größe-测试"}}), "e client=größe-测试");
}

TEST(SpdlogLog, AppendsToItsFileFromTheLevelUp) {
  const testing::TempDir dir;
  const std::string path = dir.write("hub.log", "before\n");
  auto log = SpdlogLog::open(path, core::LogLevel::info);
  ASSERT_TRUE(log.has_value());
  (*log)->debug("hidden");
  (*log)->warn("shown", {{"what", "{} %s"}});
  (*log)->flush();
  std::ifstream file(path);
  std::string before;
  std::string shown;
  std::string none;
  std::getline(file, before);
  std::getline(file, shown);
  EXPECT_THAT(shown, ::testing::MatchesRegex(R"([0-9-]+T[0-9:.]+Z warning shown what="\{\} %s")"));
  EXPECT_FALSE(std::getline(file, none));
}

TEST(SpdlogLog, SaysWhichFileCannotBeOpened) {
  const auto log = SpdlogLog::open("/proc/none/hub.log", core::LogLevel::info);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().what, ::testing::HasSubstr("log.file /proc/none/hub.log: cannot be opened: "));
}

}  // namespace
}  // namespace headgate::hub
