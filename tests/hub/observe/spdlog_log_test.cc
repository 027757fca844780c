#include "hub/observe/spdlog_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "tests/support/manual_clock.h"
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

TEST(LogLine, CutsIdsAndTopicsAndKeepsBothEnds) {
  const std::string id = "first-" + std::string(60'000, 'x') + "-last";
  const std::string line = format_log_line("e", {{"client", id}});
  EXPECT_LT(line.size(), 600u);
  EXPECT_THAT(line, ::testing::ContainsRegex("e client=first-x+\u2026x+-last"));
}

TEST(LogLine, HasRoomForTheLinesOfACompiler) {
  const std::string error(1'000, 'x');
  EXPECT_THAT(format_log_line("e", {{"error", error}}), ::testing::EndsWith(error));
}

TEST(SpdlogLog, WritesOneLineAMinuteAboutAClientAndThenASum) {
  const testing::TempDir dir;
  testing::ManualClock clock;
  auto log = SpdlogLog::open(dir / "hub.log", core::LogLevel::info, clock);
  ASSERT_TRUE(log.has_value());
  for (int i = 0; i < 1'000; ++i) (*log)->info("client_connected", {{"client", "pump"}, {"keep_alive_s", i}});
  clock.advance_ms(60'000);
  (*log)->tick();
  ASSERT_TRUE((*log)->flush());
  std::ifstream file(dir / "hub.log");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, ::testing::EndsWith("log_lines_left_out event=client_connected about=pump lines=999\n"));
  EXPECT_EQ((*log)->stats().left_out, 999u);
}

TEST(SpdlogLog, DoesNotWaitForAReaderOfItsPipe) {
  const testing::TempDir dir;
  const testing::ManualClock clock;
  const std::string pipe = dir / "log.pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto log = SpdlogLog::open(pipe, core::LogLevel::info, clock);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().what, ::testing::HasSubstr("cannot be opened: "));
}

TEST(SpdlogLog, AppendsToItsFileFromTheLevelUp) {
  const testing::TempDir dir;
  const testing::ManualClock clock;
  const std::string path = dir.write("hub.log", "before\n");
  auto log = SpdlogLog::open(path, core::LogLevel::info, clock);
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
  const testing::ManualClock clock;
  const auto log = SpdlogLog::open("/proc/none/hub.log", core::LogLevel::info, clock);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().what, ::testing::HasSubstr("log.file /proc/none/hub.log: cannot be opened: "));
}

}  // namespace
}  // namespace headgate::hub
