#include "hub/observe/line_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace headgate::hub {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// A pipe whose reader reads when the test says so, and not before.
class LineWriterTest : public ::testing::Test {
 protected:
  static std::array<int, 2> new_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return ends;
  }
  void TearDown() override {
    writer_.reset();
    // A thread that still writes finds nobody to read and ends. Its end stays open, so that no other pipe gets the
    // number that it writes to.
    ::close(ends_[0]);
  }
  void write_lines(int count) {
    for (int i = 0; i < count; ++i)
      writer_->write("line " + std::to_string(i) + std::string(100, '.') + "\n");
  }
  // Everything up to and with `last`.
  std::string read_to(const std::string& last) const {
    std::string text;
    std::array<char, 65'536> piece{};
    while (text.find(last) == std::string::npos) {
      const ssize_t got = ::read(ends_[0], piece.data(), piece.size());
      if (got <= 0) break;
      text.append(piece.data(), static_cast<size_t>(got));
    }
    return text;
  }

  // The sum of all "gap N".
  static uint64_t told_missing(const std::string& text) {
    constexpr std::string_view kGap = "gap ";
    uint64_t missing = 0;
    for (size_t at = text.find(kGap); at != std::string::npos; at = text.find(kGap, at + 1))
      missing += std::stoull(text.substr(at + kGap.size()));
    return missing;
  }

  std::array<int, 2> ends_ = new_pipe();
  std::unique_ptr<LineWriter> writer_ = std::make_unique<LineWriter>(
      ends_[1], false, [](uint64_t lines) { return "gap " + std::to_string(lines) + "\n"; });
};

TEST_F(LineWriterTest, WritesLinesInTheirOrder) {
  write_lines(3);
  ASSERT_TRUE(writer_->flush(5s));
  writer_->write("end\n");
  EXPECT_THAT(read_to("end"), ::testing::ContainsRegex("line 0.*\nline 1.*\nline 2.*\nend"));
  EXPECT_EQ(writer_->dropped(), 0u);
}

TEST_F(LineWriterTest, NeverWaitsForAReaderThatDoesNotRead) {
  write_lines(50'000);  // 5 MB into a pipe of 64 KiB
  EXPECT_FALSE(writer_->flush(1ms));
  EXPECT_GT(writer_->dropped(), 30'000u);
}

TEST_F(LineWriterTest, KeepsTheNewestLinesAndSaysWhereSomeAreMissing) {
  write_lines(50'000);
  const uint64_t dropped = writer_->dropped();
  const std::string text = read_to("line 49999");
  EXPECT_GT(told_missing(text), 0u);
  EXPECT_LE(told_missing(text), dropped);
  const auto lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_GE(lines + dropped, 50'000u);
}

TEST_F(LineWriterTest, EndsWithinItsPatienceWhateverTheReaderDoes) {
  write_lines(2'000);
  const auto began = std::chrono::steady_clock::now();
  writer_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(LineWriterTest, HasItsLastLinesOutWhenItEnds) {
  write_lines(100);
  writer_.reset();
  EXPECT_NE(read_to("line 99.").find("line 99."), std::string::npos);
}

TEST(LineWriterOfAFullDisk, CountsWhatTheFileRefuses) {
  LineWriter writer(::open("/dev/full", O_WRONLY | O_CLOEXEC), true, [](uint64_t) { return "gap\n"; });
  for (int i = 0; i < 10; ++i) writer.write("line\n");
  ASSERT_TRUE(writer.flush(5s));
  EXPECT_EQ(writer.dropped(), 10u);
}

}  // namespace
}  // namespace headgate::hub
