#include "hub/observe/spdlog_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hub/observe/log_line.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

LogOptions into(const std::string& file) { return {{}, LogFormat::text, file}; }

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
  auto log = SpdlogLog::open(into(dir / "hub.log"), clock);
  ASSERT_TRUE(log.has_value());
  for (int i = 0; i < 1'000; ++i) (*log)->info("client_connected", {{"client", "pump"}, {"keep_alive_s", i}});
  clock.advance_ms(60'000);
  (*log)->tick();
  ASSERT_TRUE((*log)->flush());
  std::ifstream file(dir / "hub.log");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, ::testing::EndsWith("log_lines_left_out of=client_connected about=pump lines=999\n"));
  EXPECT_EQ((*log)->stats().left_out, 999u);
}

TEST(SpdlogLog, DoesNotWaitForAReaderOfItsPipe) {
  const testing::TempDir dir;
  const testing::ManualClock clock;
  const std::string pipe = dir / "log.pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto log = SpdlogLog::open(into(pipe), clock);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().what, ::testing::HasSubstr("cannot be opened: "));
}

TEST(SpdlogLog, AppendsToItsFileFromTheLevelUp) {
  const testing::TempDir dir;
  const testing::ManualClock clock;
  const std::string path = dir.write("hub.log", "before\n");
  auto log = SpdlogLog::open(into(path), clock);
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
  const auto log = SpdlogLog::open(into("/proc/none/hub.log"), clock);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().what, ::testing::HasSubstr("log.file /proc/none/hub.log: cannot be opened: "));
}

// A log in a file, and what is in there.
class LogFile : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<SpdlogLog> open(LogLevels levels, LogFormat format = LogFormat::text) const {
    auto log = SpdlogLog::open({std::move(levels), format, path_}, clock_);
    EXPECT_TRUE(log.has_value());
    return *std::move(log);
  }
  [[nodiscard]] static std::string text(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // All that it has written so far, without times.
  [[nodiscard]] std::string written(SpdlogLog& log) const {
    EXPECT_TRUE(log.flush());
    return text(path_);
  }

  testing::TempDir dir_;
  testing::ManualClock clock_;
  std::string path_ = dir_ / "hub.log";
};

TEST_F(LogFile, IsJsonWithNumbersAsNumbersIfThatIsAskedFor) {
  const auto log = open({}, LogFormat::json);
  log->of(core::LogPart::broker).warn("client_closed", {{"client", "4\"2"}, {"messages", 7}, {"time", "x"}});
  const auto line = nlohmann::json::parse(written(*log));
  EXPECT_THAT(line["time"].get<std::string>(), ::testing::MatchesRegex("[0-9-]+T[0-9:.]+Z"));
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["logger"], "broker");
  EXPECT_EQ(line["event"], "client_closed");
  EXPECT_EQ(line["client"], "4\"2");
  EXPECT_EQ(line["messages"], 7);
  EXPECT_EQ(line["time_"], "x") << "a key that the line has itself";
}

TEST_F(LogFile, IsJsonWhateverStrangersSend) {
  const auto log = open({}, LogFormat::json);
  log->warn("e", {{"client", "\xff\n{}%v\x1b"}, {"topic", std::string(60'000, 'x')}});
  const auto line = nlohmann::json::parse(written(*log));
  EXPECT_EQ(line["client"], "\\xff\n{}%v\\x1b");
  EXPECT_LT(line["topic"].get<std::string>().size(), 600u);
}

TEST_F(LogFile, HasALevelForEachPart) {
  const auto log = open({core::LogLevel::warn, {{core::LogPart::broker, core::LogLevel::debug}}});
  log->info("of_the_hub");
  log->of(core::LogPart::store).info("of_the_store");
  log->of(core::LogPart::broker).debug("of_the_broker");
  EXPECT_THAT(written(*log), ::testing::EndsWith("Z debug of_the_broker\n"));
  EXPECT_EQ(std::ranges::count(text(path_), '\n'), 1);
}

TEST_F(LogFile, ChangesItsLevelsAtOnce) {
  const auto log = open({});
  core::Log& store = log->of(core::LogPart::store);
  EXPECT_FALSE(store.takes(core::LogLevel::debug));
  log->use({core::LogLevel::info, {{core::LogPart::store, core::LogLevel::debug}}});
  EXPECT_TRUE(store.takes(core::LogLevel::debug));
  EXPECT_FALSE(log->takes(core::LogLevel::debug));
  EXPECT_EQ(log->levels().of(core::LogPart::store), core::LogLevel::debug);
  EXPECT_EQ(log->levels().of(core::LogPart::hub), core::LogLevel::info);
}

TEST_F(LogFile, GoesOnInAFreshFileOnceItsOwnIsMovedAway) {
  const auto log = open({});
  log->info("before");
  ASSERT_TRUE(log->flush());
  ASSERT_EQ(std::rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  log->info("meanwhile");
  ASSERT_TRUE(log->flush());
  ASSERT_TRUE(log->reopen().has_value());
  log->info("after");
  EXPECT_THAT(written(*log), ::testing::EndsWith("Z info after\n"));
  EXPECT_EQ(std::ranges::count(text(path_), '\n'), 1);
  EXPECT_THAT(text(path_ + ".1"), ::testing::EndsWith("Z info meanwhile\n"));
}

TEST_F(LogFile, StaysIfAnotherCannotBeOpened) {
  const auto log = open({});
  ASSERT_EQ(std::rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  const auto opened = log->reopen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().what, ::testing::HasSubstr(path_ + ": cannot be opened: "));
  log->info("all_the_same");
  ASSERT_TRUE(log->flush());
  EXPECT_THAT(text(path_ + ".1"), ::testing::EndsWith("Z info all_the_same\n"));
}

TEST_F(LogFile, HasMoreLinesAboutAClientAtDebugAndThenASumToo) {
  const auto log = open({core::LogLevel::debug});
  for (int i = 0; i < 100; ++i) log->debug("publish_received", {{"client", "pump"}, {"bytes", i}});
  log->debug("publish_received", {{"client", "quiet"}});
  EXPECT_EQ(std::ranges::count(written(*log), '\n'), 21);
  clock_.advance_ms(60'000);
  log->tick();
  EXPECT_THAT(written(*log),
              ::testing::EndsWith("log_lines_left_out of=publish_received about=pump lines=80\n"));
}

// stderr as journald gives it: a stream that JOURNAL_STREAM names.
class JournalLog : public LogFile {
 protected:
  void SetUp() override {
    std::fflush(stderr);
    before_ = ::dup(STDERR_FILENO);
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
    struct stat info = {};
    ::fstat(STDERR_FILENO, &info);
    name_ = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
    ::setenv("JOURNAL_STREAM", name_.c_str(), 1);
  }
  void TearDown() override {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::unsetenv("JOURNAL_STREAM");
  }
  [[nodiscard]] std::string lines(LogFormat format) const {
    const auto log = SpdlogLog::open({{core::LogLevel::debug}, format, ""}, clock_);
    (*log)->debug("one");
    (*log)->info("two");
    (*log)->warn("three");
    (*log)->error("four", {{"n", 4}});
    return written(**log);
  }

  int before_ = -1;
  std::string name_;
};

TEST_F(JournalLog, SaysLevelsAsJournaldTakesThemAndNoTime) {
  EXPECT_EQ(lines(LogFormat::text), "<7>one\n<6>two\n<4>three\n<3>four n=4\n");
}

TEST_F(JournalLog, HasWholeObjectsAsJson) {
  EXPECT_THAT(lines(LogFormat::json),
              ::testing::EndsWith("\"level\":\"error\",\"logger\":\"hub\",\"event\":\"four\",\"n\":4}\n"));
  EXPECT_THAT(text(path_), ::testing::StartsWith("<7>{\"time\":\""));
}

TEST_F(JournalLog, HasTimesWhereSomethingElseReadsStderr) {
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  EXPECT_THAT(lines(LogFormat::text), ::testing::EndsWith("Z error four n=4\n"));
}

}  // namespace
}  // namespace headgate::hub
