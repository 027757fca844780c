#include "store/lane_picker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// Sends messages of `bytes` from those of `ready` lanes that are picked; returns how many from each.
std::map<int, int> send(LanePicker& picker, const std::set<int>& ready, int messages,
                        uint64_t bytes = 1'000) {
  std::map<int, int> sent;
  for (; messages > 0; --messages) {
    const auto lane = picker.pick([&](uint8_t n) { return ready.contains(n); });
    if (!lane) break;
    ++sent[*lane];
    picker.charge(*lane, bytes);
  }
  return sent;
}

TEST(LanePicker, StrictServesNoLaneWhileABetterOneHasAnything) {
  LanePicker picker;
  EXPECT_THAT(send(picker, {2, 5, 10}, 1'000), ElementsAre(Pair(2, 1'000)));
  EXPECT_THAT(send(picker, {10}, 5), ElementsAre(Pair(10, 5)));
}

TEST(LanePicker, PicksNothingWhereNothingIsReady) {
  for (const LaneMode mode : {LaneMode::strict, LaneMode::weighted}) {
    LanePicker picker(mode);
    EXPECT_EQ(picker.pick([](uint8_t) { return false; }), std::nullopt);
  }
}

TEST(LanePicker, WeightedGivesEachLaneItsShare) {
  LanePicker picker(LaneMode::weighted);
  EXPECT_THAT(send(picker, {0, 5, 10}, 1'800), ElementsAre(Pair(0, 1'100), Pair(5, 600), Pair(10, 100)));
}

TEST(LanePicker, WeightedNeverStarvesTheLastLane) {
  LanePicker picker(LaneMode::weighted);
  for (int turn = 0; turn < 100; ++turn) EXPECT_EQ(send(picker, {0, 10}, 12)[10], 1) << turn;
}

TEST(LanePicker, WeightedSharesBytesNotMessages) {
  LanePicker picker(LaneMode::weighted);
  std::map<int, uint64_t> bytes;
  for (int i = 0; i < 4'000; ++i) {
    const auto lane = picker.pick([](uint8_t n) { return n == 4 || n == 9; });
    const uint64_t size = *lane == 4 ? 100'000 : 1'000;
    bytes[*lane] += size + 64;
    picker.charge(*lane, size);
  }
  EXPECT_NEAR(static_cast<double>(bytes[4]) / static_cast<double>(bytes[9]), 7.0 / 2.0, 0.1);
}

TEST(LanePicker, WeightedGivesNoCreditForIdling) {
  LanePicker picker(LaneMode::weighted);
  send(picker, {10}, 10'000);
  EXPECT_NEAR(send(picker, {0, 10}, 1'200)[10], 100, 1);
  send(picker, {0}, 10'000);
  EXPECT_NEAR(send(picker, {0, 10}, 1'200)[10], 100, 1);
}

}  // namespace
}  // namespace headgate::store
