#include "store/accounts/lane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace headgate::store {
namespace {

// A lane that was given some seqs, with the tile of each.
class LaneProgressTest : public ::testing::Test {
 protected:
  LaneProgressTest() {
    for (const Seq seq : {3, 4, 9, 20, 21}) previous_[seq] = lane.add(seq);
  }
  void finish(std::initializer_list<Seq> seqs) {
    for (const Seq seq : seqs) lane.finish(previous_.at(seq), seq);
  }

  LaneProgress lane;
  std::map<Seq, Seq> previous_;
};

TEST_F(LaneProgressTest, TheHeadFollowsFinishingInOrder) {
  finish({3, 4});
  EXPECT_EQ(lane.checkpoint(), 4u);
  EXPECT_TRUE(lane.above().ranges().empty());
}

TEST_F(LaneProgressTest, TheHeadWaitsForAHoleToBeFilled) {
  finish({4, 9});
  EXPECT_EQ(lane.checkpoint(), 0u);
  EXPECT_TRUE(lane.finished(9));
  finish({3});
  EXPECT_EQ(lane.checkpoint(), 9u);
}

TEST_F(LaneProgressTest, NeighboursJoinAlthoughOtherSeqsLieBetween) {
  finish({9, 20, 21});
  EXPECT_EQ(lane.above().ranges(), (std::map<Seq, Seq>{{4, 21}}));
}

TEST_F(LaneProgressTest, KnowsWhatIsPassed) {
  finish({9, 20});
  EXPECT_TRUE(lane.passed(4, 20));
  EXPECT_FALSE(lane.passed(3, 20));
  EXPECT_FALSE(lane.passed(4, 21));
  finish({3});
  EXPECT_TRUE(lane.passed(0, 3));
}

TEST_F(LaneProgressTest, SkipsWhatIsFinished) {
  finish({3, 9, 20});
  EXPECT_EQ(lane.skip_finished(0), 3u);
  EXPECT_EQ(lane.skip_finished(4), 20u);
  EXPECT_EQ(lane.skip_finished(20), 20u);
}

TEST_F(LaneProgressTest, AnyOrderEndsAtTheLast) {
  std::vector<Seq> seqs{3, 4, 9, 20, 21};
  do {
    LaneProgress fresh;
    for (const auto& [seq, previous] : previous_) EXPECT_EQ(fresh.add(seq), previous);
    for (const Seq seq : seqs) fresh.finish(previous_.at(seq), seq);
    EXPECT_EQ(fresh.checkpoint(), 21u);
    EXPECT_TRUE(fresh.above().ranges().empty());
  } while (std::ranges::next_permutation(seqs).found);
}

TEST_F(LaneProgressTest, FinishingAllLeavesNoHoles) {
  finish({9});
  lane.finish_all();
  EXPECT_EQ(lane.checkpoint(), 21u);
  EXPECT_TRUE(lane.above().ranges().empty());
}

}  // namespace
}  // namespace headgate::store
