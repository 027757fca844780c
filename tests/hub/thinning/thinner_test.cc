#include "hub/engine/thinning/thinner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/hub/thinning/lane_of_readings.h"
#include "tests/hub/thinning/queue_content.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using store::Entry;
using store::Outcome;
using testing::message_of;
using testing::QueueContent;

constexpr uint8_t kLane = store::kDefaultLane;
constexpr uint64_t kLimit = 32 * 1024;
constexpr int64_t kStartMs = 1'700'000'000'000;  // of the clock

// Forwards what the store says, as the engine does.
class Thinned : public ::testing::Test, private store::StoreEvents {
 protected:
  Thinned() {
    store_.set_events(this);
    queue_ = *store_.open_queue("$upstream", store::link_attributes());
    limit(kLimit);
    start();
  }

  void limit(uint64_t bytes_max, core::OnFull on_full = core::OnFull::thin) {
    store_.set_policy(queue_, {.bytes_max = bytes_max, .on_full = on_full});
  }
  void start() {
    thinner_ = std::make_unique<Thinner>(store_, queue_, begun_up_to_, executor_, clock_, log_);
  }
  void kill() {
    thinner_.reset();
    executor_.drop_ready();
    store_.lose_uncommitted();
    start();
  }

  void append(const core::MessagePtr& message, uint8_t lane = kLane) {
    const store::Target target{queue_, lane};
    ASSERT_TRUE(store_.append(message, {&target, 1}));
  }
  // Readings of each of `topics` once a second, each second durable before the next.
  void readings(int64_t from_s, int64_t to_s, size_t topics, uint8_t lane = kLane) {
    for (int64_t second = from_s; second < to_s; ++second) {
      for (size_t topic = 0; topic < topics; ++topic) append(reading(second, topic), lane);
      pass_second();
    }
  }
  static core::MessagePtr reading(int64_t second, size_t topic) {
    const double value =
        std::round(2000 + 500 * std::sin(static_cast<double>(second * 7 + static_cast<int64_t>(topic)))) /
        100;
    return message_of("t/" + std::to_string(topic), "{\"v\":" + nlohmann::json(value).dump() + "}",
                      kStartMs + second * 1000);
  }
  void pass_second() {
    clock_.advance_ms(1000);
    executor_.run_ready();
    thinner_->look();
    executor_.run_ready();
    was_short_ |= thinner_->status().short_of_room;
  }

  // A turn of the loop that brings so many readings of this moment: what is posted in it waits for the next.
  void turn_with(int64_t messages) {
    for (; messages > 0; --messages) {
      const int64_t number = static_cast<int64_t>(stats().in);
      thinner_->on_arrival();
      append(message_of("t/0", "{\"v\":" + std::to_string(number % 1000) + "}",
                        kStartMs + clock_.now().mono_ms));
    }
    bool over = false;
    executor_.post([&over] { over = true; });
    while (!over) executor_.run_one();
    clock_.advance_ms(1);
  }
  uint64_t lost() {
    uint64_t sum = 0;
    for (const store::Gap& gap : store_.gaps(queue_)) sum += gap.goes_on() ? 0 : gap.count;
    return sum;
  }

  QueueContent content() { return QueueContent::of(store_, queue_, clock_.now()); }
  const store::QueueStats& stats() { return store_.stats(queue_); }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::MemQueueStore store_{executor_};
  store::QueueId queue_ = 0;
  std::map<uint8_t, store::Seq> begun_;
  const Thinner::BegunUpTo begun_up_to_ = [this](store::QueueId, uint8_t lane) {
    return begun_.contains(lane) ? begun_[lane] : 0;
  };
  std::unique_ptr<Thinner> thinner_;
  bool was_short_ = false;

 private:
  void on_durable(store::Seq) override {}
  void on_available(store::QueueId queue) override {
    if (thinner_ && queue == queue_) thinner_->look();
  }
  void on_failed(const core::Error&) override { thinner_->on_failed(); }
  void on_recovered() override { thinner_->on_recovered(); }
};

TEST_F(Thinned, KeepsCountSumExtremesAndEndsOfAllReadings) {
  QueueContent all;
  for (int64_t second = 0; second < 3600; ++second) {
    for (size_t topic = 0; topic < 3; ++topic) all.add(*reading(second, topic), 0);
  }
  readings(0, 3600, 3);
  EXPECT_TRUE(content().equal_but_seqs(all));
  EXPECT_LE(stats().waiting_bytes(), kLimit);
  EXPECT_GT(thinner_->status().folded, 7'000u);
  EXPECT_EQ(stats().dropped, thinner_->status().folded) << "nothing went but into folds";
}

TEST_F(Thinned, BeginsAtTheUpperMarkAndRestsAtTheLowerOne) {
  while (stats().waiting_bytes() < kLimit * 9 / 10 - 64) {
    EXPECT_FALSE(thinner_->status().active);
    readings(static_cast<int64_t>(stats().in), static_cast<int64_t>(stats().in) + 1, 1);
  }
  EXPECT_EQ(thinner_->status().folded, 0u);
  readings(static_cast<int64_t>(stats().in), static_cast<int64_t>(stats().in) + 10, 1);
  EXPECT_FALSE(thinner_->status().active) << "it is done already";
  EXPECT_GT(thinner_->status().folded, 0u);
  EXPECT_LE(stats().waiting_bytes(), kLimit * 3 / 4 + 10 * reading(0, 0)->body.size() * 2)
      << "with what came since";
  EXPECT_GT(stats().waiting_bytes(), kLimit * 6 / 10) << "it goes no further than it must";
}

TEST_F(Thinned, LeavesTheNewestComplete) {
  readings(0, 3600, 3);
  const auto newest = content().complete_since_ms();
  EXPECT_LT(newest, kStartMs + (3600 - 120) * 1000);
}

TEST_F(Thinned, FoldsWhatItHasOfAMinuteThatFillsTheQueueAlone) {
  for (int64_t number = 0; number < 5000; ++number) {
    append(message_of("t/0", "{\"v\":" + std::to_string(number) + "}", kStartMs + number));
    executor_.run_ready();
  }
  const QueueContent all = content();
  EXPECT_EQ(all.readings("t/0"), 5000u);
  EXPECT_EQ(stats().dropped, thinner_->status().folded) << "nothing went but into folds";
  EXPECT_LE(stats().waiting_bytes(), kLimit);
  EXPECT_FALSE(thinner_->status().short_of_room);
}

// Some 1,700 fill the queue.
TEST_F(Thinned, LosesNothingHoweverFastAPacedFloodComes) {
  for (const int64_t messages_a_turn : {1, 20, 150, 400}) {
    for (int64_t sum = 0; sum < 12'000; sum += messages_a_turn) turn_with(messages_a_turn);
    EXPECT_EQ(lost(), 0u) << messages_a_turn << " a turn";
    EXPECT_LE(stats().waiting_bytes(), kLimit);
  }
  EXPECT_EQ(content().readings("t/0"), stats().in - thinner_->status().rows);
  EXPECT_EQ(stats().dropped, thinner_->status().folded);
}

TEST_F(Thinned, DeclaresWhatIsPushedOutBeforeItIsDurable) {
  for (int turns = 0; turns < 10; ++turns) turn_with(5000);
  executor_.run_ready();
  EXPECT_GT(lost(), 0u);
  EXPECT_EQ(stats().in, stats().waiting() + stats().dropped);
  EXPECT_EQ(stats().dropped, thinner_->status().folded + lost());
}

TEST_F(Thinned, TakesAStepForAMessageAtMostAndNoneBelowTheMark) {
  limit(1024 * 1024);
  turn_with(2000);
  EXPECT_EQ(thinner_->status().active, false);
  limit(stats().waiting_bytes());
  for (int messages = 0; messages < 8; ++messages) thinner_->on_arrival();
  EXPECT_EQ(thinner_->status().folded, 0u) << "the walk has read 256 entries for the first";
  for (int messages = 0; messages < 200; ++messages) thinner_->on_arrival();
  EXPECT_GT(thinner_->status().folded, 1000u);
}

// At once: walks that find nothing left begin again by themselves, but once a minute.
TEST_F(Thinned, FoldsTheOthersWhereOneOfAFoldHasEnded) {
  limit(1024 * 1024);
  turn_with(2000);
  limit(stats().waiting_bytes());
  for (int messages = 0; messages < 8; ++messages) thinner_->on_arrival();  // it has read 256
  store_.finish(queue_, kLane, 1, Outcome::dropped);
  executor_.run_ready();
  EXPECT_GT(thinner_->status().folded, 1000u);
  EXPECT_EQ(lost(), 1u);
  EXPECT_EQ(content().readings("t/0"), 1999u);
}

TEST_F(Thinned, FoldsMinutesAndThenQuarters) {
  readings(0, 12'000, 1);
  std::set<int> windows;
  const auto entries = store_.read(queue_, kLane, 0, {100'000, SIZE_MAX}, clock_.now());
  for (const Entry& entry : *entries) {
    if (entry.message->source) continue;
    windows.insert(testing::body_of(entry.message)["fold"].get<int>());
  }
  EXPECT_THAT(windows, ::testing::ElementsAre(60, 900));
}

TEST_F(Thinned, TellsInOneGapWhereTheContentWent) {
  readings(0, 3600, 3);
  const auto gaps = store_.gaps(queue_);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_TRUE(gaps[0].goes_on());
  EXPECT_EQ(gaps[0].count, stats().dropped);
  EXPECT_EQ(gaps[0].from, 1u);
  const auto entries = store_.read(queue_, kLane, 0, {100'000, SIZE_MAX}, clock_.now());
  for (const Entry& entry : *entries) {
    if (entry.message->source) continue;
    EXPECT_GE(entry.seq, gaps[0].into_from);
    EXPECT_LE(entry.seq, gaps[0].into_to);
  }
}

TEST_F(Thinned, DoesNotTouchTheLaneOfPriorityZero) {
  readings(0, 1500, 2, 0);
  EXPECT_EQ(thinner_->status().folded, 0u);
  EXPECT_GT(stats().dropped, 0u) << "the store made the room";
  EXPECT_TRUE(thinner_->status().short_of_room);
}

TEST_F(Thinned, TakesTheLaneOfLeastPriorityFirst) {
  readings(0, 300, 2, 3);
  readings(300, 1500, 2, 7);
  EXPECT_EQ(store_.stats(queue_).lanes[3].waiting, 600u);
  EXPECT_GT(thinner_->status().folded, 0u);
}

TEST_F(Thinned, LeavesAloneWhatTheLinkHasBegun) {
  readings(0, 600, 3);
  begun_[kLane] = 1200;
  readings(600, 3000, 3);
  EXPECT_GT(thinner_->status().folded, 0u);
  const auto entries = store_.read(queue_, kLane, 0, {1200, SIZE_MAX}, clock_.now());
  EXPECT_EQ(entries->back().seq, 1200u) << "1 to 1200 wait as they came";
}

TEST_F(Thinned, GivesUpWhatTheLinkBeginsMeanwhile) {
  limit(48 * 1024);
  readings(0, 800, 3);
  const uint64_t folded = thinner_->status().folded;
  limit(1024 * 1024);
  readings(800, 1400, 3);
  limit(stats().waiting_bytes() + 100);
  thinner_->look();
  executor_.run_one();  // it has read some of a minute
  begun_[kLane] = stats().in;
  executor_.run_ready();
  EXPECT_EQ(thinner_->status().folded, folded);
}

TEST_F(Thinned, DropsOneInTwoOfBodiesWithoutNumbers) {
  for (int64_t second = 0; second < 800; ++second) {
    append(message_of("state", "door is " + std::to_string(second) + std::string(30, 'x'),
                      kStartMs + second * 1000));
    pass_second();
  }
  EXPECT_EQ(thinner_->status().folded, 0u);
  EXPECT_GT(thinner_->status().diluted, 100u);
  EXPECT_EQ(stats().dropped, thinner_->status().diluted);
  for (const store::Gap& gap : store_.gaps(queue_)) EXPECT_FALSE(gap.goes_on());
}

TEST_F(Thinned, FallsBackToDroppingTheOldestAndSaysSo) {
  limit(3 * 1024);
  readings(0, 12'000, 2);
  EXPECT_TRUE(was_short_);
  EXPECT_GT(stats().dropped, thinner_->status().folded);
  EXPECT_LE(stats().waiting_bytes(), 3u * 1024);
  EXPECT_THAT(log_.lines(), ::testing::Contains(::testing::StartsWith("thinning_frees_too_little")));
}

TEST_F(Thinned, RestsWhereThePolicyIsAnother) {
  limit(kLimit, core::OnFull::drop_oldest);
  readings(0, 3000, 3);
  EXPECT_FALSE(thinner_->status().active);
  EXPECT_EQ(thinner_->status().folded, 0u);
}

TEST_F(Thinned, GoesOnWhereEntriesExpireMeanwhile) {
  store_.set_policy(queue_, {.bytes_max = kLimit, .age_max_ms = 1'800'000, .on_full = core::OnFull::thin});
  for (int64_t second = 0; second < 5000; ++second) {
    append(reading(second, 0));
    append(reading(second, 1));
    pass_second();
    store_.tick(clock_.now());
  }
  EXPECT_GT(thinner_->status().folded, 1000u);
  EXPECT_GT(stats().expired, 0u);
  EXPECT_FALSE(thinner_->status().short_of_room);
}

TEST_F(Thinned, FoldsNothingTwiceIfAWriteFails) {
  readings(0, 3000, 1);
  store_.fail_next_commit({core::Errc::io, "no"});
  readings(3000, 3001, 1);
  executor_.run_ready();
  store_.recover();
  executor_.run_ready();
  readings(3001, 5000, 1);
  EXPECT_EQ(content().readings("t/0"), 5000u - 1)
      << "the reading of the write that failed is its publisher's again";
}

// The hub is killed before each of its commits in turn: what was not committed is gone, and appended again by who
// published it.
TEST_F(Thinned, SurvivesAKillBeforeEachCommit) {
  limit(12 * 1024);
  store_.remember_commits();
  QueueContent all;
  size_t kills = 0;
  size_t steps = 0;
  for (int64_t second = 0; second < 1500; ++second) {
    for (size_t topic = 0; topic < 2; ++topic) append(reading(second, topic));
    executor_.run_one();  // the readings are durable, and the thinner is told
    all.add(*reading(second, 0), 0);
    all.add(*reading(second, 1), 0);
    thinner_->look();
    for (size_t turns = 0; turns < 200 && executor_.run_one(); ++turns) {
      if (!store_.commit_pending() || ++steps % 3 != 0) continue;
      kill();
      ++kills;
      break;
    }
    executor_.run_ready();
  }
  EXPECT_GT(kills, 5u);
  EXPECT_TRUE(content().equal_but_seqs(all));
}

}  // namespace
}  // namespace headgate::hub
