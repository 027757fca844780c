#include "core/time/hub_time.h"

#include <gmock/gmock.h>

namespace headgate::core {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kSecond = 1'000;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kToday = 1'700'000'000'000;

// A machine with a clock that can be wrong, be set, lose its power, and a hub on it.
class HubTimeTest : public ::testing::Test {
 protected:
  void start() {
    time_.emplace(boot_id_, machine_, record_);
    keep();
  }
  void pass(int64_t ms) {
    machine_.boot_ms += ms;
    machine_.wall_ms += ms;
  }
  HubTime::News observe() {
    const HubTime::News news = time_->observe(machine_);
    keep();
    return news;
  }
  // Through the bytes of the store.
  void keep() { record_ = decode_hub_time(encode_hub_time(time_->record())).value(); }
  // Without power for so long. A clock with a battery goes on meanwhile; one without shows `wrong_by_ms` more.
  void lose_power(int64_t ms, int64_t wrong_by_ms = 0) {
    boot_id_ += "+";
    machine_ = {5 * kSecond, machine_.wall_ms + ms + wrong_by_ms, false};
  }
  [[nodiscard]] int64_t now() const { return time_->at(machine_.boot_ms); }

  std::string boot_id_ = "boot";
  ClockReading machine_{10 * kSecond, kToday, true};
  std::optional<HubTimeRecord> record_;
  std::optional<HubTime> time_;
};

TEST_F(HubTimeTest, IsUnixTimeWhileNobodySetsTheClock) {
  start();
  pass(kHour);
  EXPECT_EQ(now(), machine_.wall_ms);
  observe();
  pass(kDay);
  EXPECT_EQ(now(), machine_.wall_ms);
}

TEST_F(HubTimeTest, GoesOnAsBeforeWhenTheClockIsSet) {
  for (const int64_t by_ms : {3 * kDay, -3 * kDay, 2 * kSecond}) {
    record_.reset();
    machine_.synced = false;
    start();
    const int64_t before = now();
    pass(4 * kSecond);
    machine_.wall_ms += by_ms;
    machine_.synced = true;
    const HubTime::News news = observe();
    EXPECT_EQ(now(), before + 4 * kSecond);
    EXPECT_EQ(news.set_by_ms, by_ms);
    EXPECT_TRUE(news.became_right);
  }
}

TEST_F(HubTimeTest, CountsWhatPassedWhileTheHubWasAwayWithinABoot) {
  machine_.synced = false;
  start();
  const int64_t before = now();
  pass(2 * kHour);
  machine_.wall_ms += 3 * kDay;  // and the clock was set meanwhile
  start();
  EXPECT_EQ(now(), before + 2 * kHour);
}

TEST_F(HubTimeTest, CountsWhatPassedSinceItsLastRecordThoughTheHubWasKilled) {
  start();
  pass(59 * kSecond);  // nothing was kept since
  EXPECT_EQ(now(), machine_.wall_ms);
  time_.reset();
  start();
  EXPECT_EQ(now(), machine_.wall_ms);
}

TEST_F(HubTimeTest, CountsAPowerOffIfTheClockIsRightAtTheStart) {
  start();
  lose_power(kDay);
  machine_.synced = true;
  start();
  EXPECT_EQ(now(), machine_.wall_ms);
}

TEST_F(HubTimeTest, CountsAPowerOffLaterIfTheClockTurnsOutToHaveBeenRightAtTheStart) {
  start();
  const int64_t before = now();
  lose_power(kDay, 3 * kSecond);  // its battery-backed clock is a little off
  start();
  EXPECT_EQ(now(), before);
  pass(30 * kSecond);
  EXPECT_FALSE(observe().counted_ms);
  start();  // restarts of the hub do not matter
  machine_.synced = true;
  machine_.wall_ms -= 3 * kSecond;
  EXPECT_EQ(observe().counted_ms, kDay);
  EXPECT_EQ(now(), machine_.wall_ms);
  EXPECT_FALSE(observe().counted_ms);
}

TEST_F(HubTimeTest, DoesNotCountAPowerOffIfTheClockWasWrongAtTheStart) {
  start();
  const int64_t before = now();
  lose_power(kDay, -kDay);
  start();
  pass(4 * kSecond);
  machine_.wall_ms += kDay;
  machine_.synced = true;
  EXPECT_FALSE(observe().counted_ms);
  EXPECT_EQ(now(), before + 4 * kSecond);
}

TEST_F(HubTimeTest, DoesNotCountAPowerOffThatBeganWithAWrongClock) {
  machine_.synced = false;
  start();
  const int64_t before = now();
  lose_power(kDay, 3 * kDay);
  machine_.synced = true;
  start();
  EXPECT_EQ(now(), before);
}

TEST_F(HubTimeTest, NeverGoesBackAfterAPowerOff) {
  start();
  const int64_t before = now();
  lose_power(-kDay);
  machine_.synced = true;
  start();
  EXPECT_EQ(now(), before);
}

TEST_F(HubTimeTest, ABootThatNobodyNamesIsAnother) {
  boot_id_ = kUnknownBoot;
  start();
  pass(kHour);
  machine_.boot_ms = 1;
  start();
  EXPECT_EQ(now(), machine_.wall_ms);  // the clock was right before and after
}

TEST_F(HubTimeTest, KeepsTrustInTheClockOverAnOutageOfTheNetwork) {
  start();
  machine_.synced = false;
  pass(kDay);
  EXPECT_FALSE(observe().became_right);
  EXPECT_TRUE(time_->right());
  pass(kSecond);
  machine_.wall_ms += kHour;  // somebody sets it by hand
  observe();
  EXPECT_FALSE(time_->right());
}

TEST_F(HubTimeTest, RemembersWhenStampsMayHaveBeenWrong) {
  machine_.synced = false;
  start();
  const int64_t came = now() + 2 * kSecond;
  pass(4 * kSecond);
  machine_.wall_ms += 3 * kDay;
  machine_.synced = true;
  observe();
  EXPECT_TRUE(time_->doubtful().contains(came));
  EXPECT_FALSE(time_->doubtful().contains(now()));
  pass(kDay);
  start();
  EXPECT_TRUE(time_->doubtful().contains(came));
}

TEST(DoubtfulStretches, JoinWhatTouchesAndKeepAFew) {
  DoubtfulStretches stretches;
  stretches.add({10, 20});
  stretches.add({20, 30});
  stretches.add({30, 30});
  EXPECT_THAT(stretches.all(), ElementsAre(HubStretch{10, 30}));
  for (int64_t at = 100; at <= 800; at += 100) stretches.add({at, at + 1});
  EXPECT_EQ(stretches.all().size(), DoubtfulStretches::kMax);
  EXPECT_EQ(stretches.all().front(), (HubStretch{10, 101}));
}

TEST(HubTimeRecord, IsReadAsItWasWritten) {
  HubTimeRecord record{"9ff8-x", 12, 1'700'000'000'000, 1'600'000'000'000, true, OpenPowerOff{1, 2, 3}, {}};
  record.doubtful.add({4, 9});
  EXPECT_EQ(decode_hub_time(encode_hub_time(record)).value(), record);
  record.power_off.reset();
  EXPECT_EQ(decode_hub_time(encode_hub_time(record)).value(), record);
}

TEST(HubTimeRecord, IsCorruptWithoutAllItsParts) {
  for (const char* const text : {"", "1", "1 boot 5", "2 boot 1 2 3 1 -", "1 boot 1 2 x 1 -",
                                 "1 boot 1 2 3 1 4 5", "1 boot 1 2 3 1 - 7", "1 boot 1 2 3 1"})
    EXPECT_EQ(decode_hub_time(text).error().code, Errc::corrupt) << text;
}

}  // namespace
}  // namespace headgate::core
