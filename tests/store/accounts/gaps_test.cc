#include "store/accounts/gaps.h"

#include <gtest/gtest.h>

namespace headgate::store {
namespace {

constexpr Outcome kDropped = Outcome::dropped;
constexpr Outcome kExpired = Outcome::expired;

TEST(Gaps, JoinsALaneNeighbourWithTheSameReason) {
  GapList gaps;
  gaps.add(0, {5, 5, 1, kDropped});
  gaps.add(5, {9, 9, 1, kDropped});  // 6 to 8 belong to other queues
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 9, 2, kDropped}}));
}

TEST(Gaps, KeepsWhatWasDeliveredInBetweenApart) {
  GapList gaps;
  gaps.add(0, {5, 5, 1, kDropped});
  gaps.add(7, {9, 9, 1, kDropped});
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 5, 1, kDropped}, {9, 9, 1, kDropped}}));
}

TEST(Gaps, KeepsReasonsApart) {
  GapList gaps;
  gaps.add(0, {5, 5, 1, kDropped});
  gaps.add(5, {6, 6, 1, kExpired});
  EXPECT_EQ(gaps.list().size(), 2u);
}

TEST(Gaps, JoinsWhatGoesOnElsewhereAndKeepsItFromWhatIsLost) {
  GapList gaps;
  gaps.add(0, {1, 6, 4, kDropped, 20, 21});
  gaps.add(0, {3, 9, 3, kDropped, 22, 25});
  gaps.add(0, {10, 10, 1, kDropped});
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{1, 9, 7, kDropped, 20, 25}, {10, 10, 1, kDropped}}));
}

TEST(Gaps, ClaimNoPlaceForContentOfWhichAPartIsLost) {
  GapList gaps;
  for (Seq seq = 0; seq < 2 * GapList::kMax; ++seq) {
    Gap gap{10 + seq * 10, 10 + seq * 10, 1, seq % 2 == 0 ? kDropped : kExpired};
    if (seq % 2 == 0) gap.into_from = gap.into_to = 100'000 + seq;
    gaps.add(0, gap);
  }
  uint64_t going_on = 0;
  for (const Gap& gap : gaps.list()) {
    if (gap.goes_on()) going_on += gap.count;
  }
  EXPECT_LE(going_on, GapList::kMax);
}

TEST(Gaps, JoinsConsecutiveSeqsInAnyOrder) {
  GapList gaps;
  gaps.add(6, {7, 7, 1, kDropped});
  gaps.add(4, {5, 5, 1, kDropped});
  gaps.add(5, {6, 6, 1, kDropped});
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 7, 3, kDropped}}));
}

TEST(Gaps, CountsEntriesOfInterleavedLanesOnce) {
  GapList gaps;
  gaps.add(0, {5, 7, 2, kDropped});  // one lane: 5 and 7
  gaps.add(0, {6, 8, 2, kDropped});  // another: 6 and 8
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 8, 4, kDropped}}));
}

TEST(Gaps, ForgetsWhatTheFarSideKnows) {
  GapList gaps({{1, 3, 3, kDropped}, {5, 9, 2, kExpired}});
  gaps.drop(8);
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 9, 2, kExpired}}));
}

// A far side that knows both would count the second twice.
TEST(Gaps, KeepTheirBeginningsOnceTheyAreTold) {
  GapList gaps;
  gaps.add(0, {5, 5, 1, kDropped});
  gaps.add(8, {9, 9, 1, kDropped});
  gaps.mark_told();
  gaps.add(3, {12, 12, 1, kDropped});  // of another lane, which reaches both
  gaps.add(2, {4, 4, 1, kDropped});    // before the first
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{4, 4, 1, kDropped}, {5, 5, 1, kDropped}, {9, 12, 2, kDropped}}));
}

TEST(Gaps, JoinOnlyTheUntoldToWhatIsTold) {
  GapList gaps;
  gaps.add(0, {5, 5, 1, kDropped});
  gaps.mark_told();
  gaps.add(6, {7, 7, 1, kDropped});
  gaps.add(8, {9, 9, 1, kDropped});
  gaps.add(4, {12, 12, 1, kDropped});
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 12, 4, kDropped}}));
}

TEST(Gaps, ThatWereThereAtTheStartMayBeTold) {
  GapList gaps({{5, 5, 1, kDropped}, {9, 9, 1, kDropped}});
  gaps.add(3, {12, 12, 1, kDropped});
  EXPECT_EQ(gaps.list(), (std::vector<Gap>{{5, 5, 1, kDropped}, {9, 12, 2, kDropped}}));
}

TEST(Gaps, StayBoundedAndCountExactly) {
  GapList gaps;
  for (Seq seq = 10; seq <= 30'000; seq += 10) gaps.add(seq - 5, {seq, seq, 1, kDropped});
  uint64_t lost = 0;
  for (const Gap& gap : gaps.list()) lost += gap.count;
  EXPECT_LE(gaps.list().size(), GapList::kMax);
  EXPECT_EQ(lost, 3'000u);
}

}  // namespace
}  // namespace headgate::store
