// The window over a simulated line: it uses the line, and lets no more batches wait before it than that takes.
#include "upstream/drain/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace headgate::upstream {
namespace {

// A sender that always has batches, a line of a rate, and a broker that answers at once. Microseconds; events in order.
class SimulatedLine {
 public:
  int64_t bytes_per_s = 125'000;
  int64_t round_trip_us = 300'000;
  size_t batch_bytes = 10'000;
  size_t max = 1000;
  bool by_itself = true;

  void run_for_s(int64_t seconds) {
    for (const int64_t until_us = now_us_ + seconds * 1'000'000; now_us_ < until_us;) {
      while (answers_.size() < window_.size()) publish();
      answer_next();
    }
  }

  // Part of the rate that is used from now on.
  void begin_count() { counted_since_us_ = now_us_, counted_bytes_ = 0; }
  [[nodiscard]] double used() const {
    return static_cast<double>(counted_bytes_) * 1e6 /
           (static_cast<double>(bytes_per_s) * static_cast<double>(now_us_ - counted_since_us_));
  }
  [[nodiscard]] size_t window() const { return window_.size(); }
  [[nodiscard]] int64_t took_ms() const { return took_ms_; }
  void end_connection(bool too_many) {
    window_.on_cut(answers_.size(), too_many);
    answers_.clear();
    line_free_us_ = now_us_;
    window_.narrow();
  }

 private:
  struct Published {
    int64_t at_us = 0;
    int64_t answer_us = 0;
    size_t bytes = 0;
  };

  void publish() {
    const int64_t takes_us = static_cast<int64_t>(batch_bytes) * 1'000'000 / bytes_per_s;
    line_free_us_ = std::max(line_free_us_, now_us_) + takes_us;
    answers_.push_back({now_us_, line_free_us_ + round_trip_us, batch_bytes});
  }

  void answer_next() {
    const Published first = answers_.front();
    now_us_ = std::max(now_us_, first.answer_us);
    took_ms_ = now_us_ / 1000 - first.at_us / 1000;
    const size_t on_their_way = answers_.size();
    answers_.pop_front();
    counted_bytes_ += first.bytes;
    window_.on_accepted({.published_at_ms = first.at_us / 1000,
                         .now_ms = now_us_ / 1000,
                         .on_their_way = on_their_way,
                         .bytes = on_their_way * batch_bytes},
                        max, by_itself);
  }

  Window window_;
  std::deque<Published> answers_;
  int64_t now_us_ = 1'000'000'000;
  int64_t line_free_us_ = 0;
  int64_t counted_since_us_ = 0;
  size_t counted_bytes_ = 0;
  int64_t took_ms_ = 0;
};

TEST(WindowOnALine, StartsWithOneAndGrowsToFourWhateverTheLine) {
  Window window;
  EXPECT_EQ(window.size(), 1u);
  for (int64_t i = 0; i < 3; ++i)
    window.on_accepted({.published_at_ms = 10'000, .now_ms = 10'500 + 500 * i}, 1000, true);
  EXPECT_EQ(window.size(), Window::kSteady);
  window.narrow();
  EXPECT_EQ(window.size(), 1u);
}

TEST(WindowOnALine, FillsALongThinLineWithSmallBatchesAndKeepsTheQueueBeforeItShort) {
  SimulatedLine line;
  line.run_for_s(5);
  line.begin_count();
  line.run_for_s(300);
  EXPECT_GT(line.used(), 0.97);
  EXPECT_LE(line.took_ms(), 3 * 380 / 2 + 80);  // half as much again as it takes alone, and a batch
}

TEST(WindowOnALine, FillsItWithMessagesThatPassThrough) {
  SimulatedLine line;
  line.batch_bytes = 240;
  line.run_for_s(5);
  line.begin_count();
  line.run_for_s(300);
  EXPECT_GT(line.used(), 0.95);
  EXPECT_LE(line.window(), 400u);
}

TEST(WindowOnALine, StaysAtFourWhereTheseFillTheLine) {
  SimulatedLine line;
  line.batch_bytes = 60'000;
  for (int minute = 0; minute < 10; ++minute) {
    line.run_for_s(59);
    EXPECT_LE(line.window(), Window::kSteady);
  }
}

TEST(WindowOnALine, GrowsOnAFastOneUntilAMegabyteIsOnItsWay) {
  SimulatedLine line;
  line.bytes_per_s = 1'000'000'000;
  line.round_trip_us = 600'000;
  line.run_for_s(30);
  EXPECT_GE(line.window(), 100u);
  EXPECT_LE(line.window(), Window::kBytesMax / line.batch_bytes);
}

TEST(WindowOnALine, FindsAWayThatBecameLonger) {
  SimulatedLine line;
  line.run_for_s(30);
  line.round_trip_us = 1'200'000;
  line.run_for_s(90);  // what was known of the shorter way is forgotten within a minute
  line.begin_count();
  line.run_for_s(50);
  EXPECT_GT(line.used(), 0.95);
}

TEST(WindowOnALine, NeverPassesWhatUserOrBrokerAllow) {
  SimulatedLine line;
  line.batch_bytes = 240;
  line.max = 20;
  line.run_for_s(30);
  EXPECT_EQ(line.window(), 20u);
  line.max = 1;  // a search for a message that kills connections
  line.run_for_s(2);
  EXPECT_EQ(line.window(), 1u);
  line.max = 50;
  line.by_itself = false;  // set by the user: whatever the line takes
  line.bytes_per_s = 1'000;
  line.run_for_s(60);
  EXPECT_EQ(line.window(), 50u);
}

TEST(WindowOnALine, IsHalvedForABrokerThatSaysThatItIsTooMuch) {
  SimulatedLine line;
  line.batch_bytes = 240;
  line.run_for_s(10);
  const size_t before = line.window();
  ASSERT_GT(before, 100u);
  line.end_connection(true);
  line.run_for_s(10);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before) / 2, 2);
  line.by_itself = false;  // what the user has set is no reason to be cut off for ever
  line.end_connection(true);
  line.run_for_s(10);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before) / 4, 2);
  line.run_for_s(40);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before) / 4, 2)
      << "grows with a minute only";
}

TEST(WindowOnALine, IsHalvedWhenConnectionsEndInARowAndGrowsWithEachMinuteThatOneLasts) {
  SimulatedLine line;
  line.batch_bytes = 240;
  line.run_for_s(10);
  const size_t before = line.window();
  line.end_connection(false);
  line.run_for_s(10);
  EXPECT_EQ(line.window(), before) << "one connection ends for many reasons";
  line.end_connection(false);
  line.run_for_s(10);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before) / 2, 2);
  line.run_for_s(60);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before), 2);
  line.end_connection(false);
  line.run_for_s(10);
  EXPECT_NEAR(static_cast<double>(line.window()), static_cast<double>(before), 2)
      << "a connection that lasts ends the row";
}

TEST(WindowOnALine, IsNotHalvedByConnectionsThatEndWithFewOnTheirWay) {
  SimulatedLine line;
  line.max = 4;
  for (int i = 0; i < 5; ++i) {
    line.run_for_s(5);
    line.end_connection(false);
  }
  line.max = 1000;
  line.batch_bytes = 240;
  line.run_for_s(10);
  EXPECT_GT(line.window(), 100u);
}

TEST(WindowOnALine, DoesNotGrowWhileThereIsLittleToSend) {
  Window window;
  for (int64_t i = 0; i < 100; ++i)
    window.on_accepted({.published_at_ms = 400 * i, .now_ms = 400 * i + 300, .on_their_way = 1, .bytes = 99},
                       1000, true);
  EXPECT_EQ(window.size(), Window::kSteady);
}

TEST(WindowOnALine, KnowsNothingOfTheLineBeforeIt) {
  SimulatedLine line;
  line.round_trip_us = 5'000;
  line.run_for_s(10);
  line.end_connection(false);
  line.round_trip_us = 300'000;  // another link
  line.run_for_s(5);
  line.begin_count();
  line.run_for_s(50);
  EXPECT_GT(line.used(), 0.97);
}

}  // namespace
}  // namespace headgate::upstream
