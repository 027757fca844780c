#include "store/accounts/seq_ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace headgate::store {
namespace {

TEST(SeqRanges, JoinsRangesThatTouch) {
  SeqRanges ranges;
  ranges.add(5, 7);
  ranges.add(9, 12);
  ranges.add(7, 9);
  EXPECT_EQ(ranges.ranges(), (std::map<Seq, Seq>{{5, 12}}));
}

TEST(SeqRanges, LeavesOutWhereItBegins) {
  SeqRanges ranges;
  ranges.add(5, 7);
  EXPECT_FALSE(ranges.contains(5));
  EXPECT_TRUE(ranges.contains(6));
  EXPECT_TRUE(ranges.contains(7));
  EXPECT_FALSE(ranges.contains(8));
}

TEST(SeqRanges, FindsTheEndOfWhatFollows) {
  SeqRanges ranges;
  ranges.add(5, 7);
  EXPECT_EQ(ranges.end_after(4), 4u);
  EXPECT_EQ(ranges.end_after(5), 7u);
  EXPECT_EQ(ranges.end_after(7), 7u);
}

TEST(SeqRanges, HoldWhatWasAddedInAnyOrder) {
  const unsigned seed = 20'261'122;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  SeqRanges ranges;
  std::set<Seq> model;
  for (int i = 0; i < 2'000; ++i) {
    const Seq from = random() % 500, to = from + 1 + random() % 5;
    ranges.add(from, to);
    for (Seq seq = from + 1; seq <= to; ++seq) model.insert(seq);
    const Seq probe = 1 + random() % 510;
    ASSERT_EQ(ranges.contains(probe), model.contains(probe));
  }
}

}  // namespace
}  // namespace headgate::store
