#include "store/accounts/expiry_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNever = ExpiryMap::kNever;
constexpr Seq kFar = ExpiryMap::kSpanMin;  // rows this far apart are stretches of their own

TEST(ExpiryMap, KnowsNothingOfRowsThatDoNotExpire) {
  ExpiryMap map;
  map.add({0, 10, kNever});
  EXPECT_THAT(map.stretches(), IsEmpty());
  EXPECT_EQ(map.due_ms(), kNever);
}

TEST(ExpiryMap, JoinsNeighboursUnderTheEarlierTime) {
  ExpiryMap map;
  map.add({0, 10, 500});
  map.add({10, 20, 300});
  map.add({20, 20 + kFar, 100});
  EXPECT_THAT(map.stretches(), ElementsAre(Stretch{0, 20, 300}, Stretch{20, 20 + kFar, 100}));
  EXPECT_EQ(map.due_ms(), 100);
}

TEST(ExpiryMap, GoesRoundSoThatOneStretchKeepsNoOtherWaiting) {
  ExpiryMap map;
  for (Seq i = 0; i < 3; ++i) map.add({i * kFar, (i + 1) * kFar, 100});
  for (const Seq turn : {0, 1, 2, 0, 1}) {
    const auto due = map.next_due(200);
    ASSERT_TRUE(due);
    EXPECT_EQ(due->from, turn * kFar);
    map.looked_at(*due, due->to, 100);
  }
  EXPECT_FALSE(map.next_due(99));
}

TEST(ExpiryMap, SplitsWhatWasLookedAtInPart) {
  ExpiryMap map;
  map.add({0, 1'000, 100});
  map.looked_at(*map.next_due(100), 400, 700);
  EXPECT_THAT(map.stretches(), ElementsAre(Stretch{0, 400, 700}, Stretch{400, 1'000, 100}));
  map.looked_at(*map.next_due(100), 1'000, kNever);
  EXPECT_THAT(map.stretches(), ElementsAre(Stretch{0, 400, 700}));
}

TEST(ExpiryMap, ForgetsWhatTheHeadHasPassed) {
  ExpiryMap map;
  map.add({0, kFar, 100});
  map.add({kFar, 2 * kFar, 200});
  map.forget_up_to(kFar + 7);
  EXPECT_THAT(map.stretches(), ElementsAre(Stretch{kFar + 7, 2 * kFar, 200}));
}

TEST(ExpiryMap, StaysBoundedAndNeverSaysTooLate) {
  ExpiryMap map;
  constexpr Seq kRows = 20'000;
  for (Seq i = 0; i < kRows; ++i) map.add({i * 500, (i + 1) * 500, static_cast<int64_t>(1'000'000 - i)});
  EXPECT_LE(map.stretches().size(), ExpiryMap::kStretchesMax);
  EXPECT_GT(map.stretches().size(), ExpiryMap::kStretchesMax / 4) << "too coarse to be of use";
  for (const Stretch& stretch : map.stretches())
    EXPECT_LE(stretch.due_ms, static_cast<int64_t>(1'000'000 - (stretch.to / 500 - 1)));
  EXPECT_EQ(map.due_ms(), 1'000'000 - static_cast<int64_t>(kRows - 1));
}

TEST(ExpiryMap, StaysBoundedWhenOneGreatStretchIsLookedAtInPieces) {
  ExpiryMap map;
  map.add({0, 1'000'000, 1});
  while (const auto due = map.next_due(5)) map.looked_at(*due, std::min(due->to, due->from + 1'000), 900);
  EXPECT_LE(map.stretches().size(), ExpiryMap::kStretchesMax);
  EXPECT_EQ(map.due_ms(), 900);
}

}  // namespace
}  // namespace headgate::store
