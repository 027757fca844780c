#include "upstream/drain/lane_places.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::upstream {
namespace {

// A lane of which each batch takes up to three seqs; says what went: "b1-3" of the backlog, "l11-12" of the live part.
class Lane {
 public:
  Lane(DrainOrder order, store::Seq backlog) : newest_(backlog), boundary_(backlog) {
    places.see(backlog);
    places.split(order);
  }

  void come(store::Seq entries) {
    newest_ += entries;
    places.see(newest_);
  }
  void pass_ms(int64_t ms) { now_.mono_ms += ms; }
  std::string next(store::Seq culprit = 0) {
    places.choose(culprit, now_);
    std::string batch = read();
    if (batch.empty() && places.turn(now_)) batch = read();
    if (!batch.empty()) places.on_batch(now_);
    return batch;
  }

  LanePlaces places{1000};

 private:
  std::string read() {
    const store::Seq first = places.after() + 1;
    store::Seq last = 0;
    for (store::Seq seq = first; seq <= newest_ && seq < first + 3 && !places.ends_before(seq); ++seq) {
      places.take(seq);
      last = seq;
    }
    if (last == 0) return "";
    return (first > boundary_ ? "l" : "b") + std::to_string(first) + "-" + std::to_string(last);
  }

  store::Seq newest_;
  store::Seq boundary_;
  core::Now now_{5000, 0};
};

TEST(OldestFirst, ReadsALaneAsItCame) {
  Lane lane(DrainOrder::oldest_first, 5);
  lane.come(2);
  EXPECT_EQ(lane.next(), "b1-3");
  EXPECT_EQ(lane.next(), "b4-6");
  EXPECT_EQ(lane.next(), "l7-7");
  EXPECT_EQ(lane.next(), "");
}

TEST(LiveFirst, BringsWhatComesBeforeWhatWaited) {
  Lane lane(DrainOrder::live_first, 10);
  EXPECT_EQ(lane.next(), "b1-3");
  lane.come(1);
  EXPECT_EQ(lane.next(), "l11-11");
  lane.come(1);
  EXPECT_EQ(lane.next(), "b4-6") << "live batches linger";
  lane.pass_ms(1000);
  EXPECT_EQ(lane.next(), "l12-12");
  EXPECT_EQ(lane.next(), "b7-9");
  EXPECT_EQ(lane.next(), "b10-10");
  EXPECT_EQ(lane.next(), "");
}

TEST(LiveFirst, SendsFullLiveBatchesOneAfterTheOther) {
  Lane lane(DrainOrder::live_first, 10);
  lane.come(7);
  EXPECT_EQ(lane.next(), "l11-13");
  EXPECT_EQ(lane.next(), "l14-16");
  EXPECT_EQ(lane.next(), "l17-17");
  EXPECT_EQ(lane.next(), "b1-3");
}

TEST(LiveFirst, ReadsOnInOrderAfterTheBacklog) {
  Lane lane(DrainOrder::live_first, 2);
  EXPECT_EQ(lane.next(), "b1-2");
  lane.come(4);
  EXPECT_EQ(lane.next(), "l3-5");
  EXPECT_EQ(lane.next(), "l6-6");
  EXPECT_EQ(lane.next(), "") << "now it is known that the backlog is over";
  lane.come(1);
  EXPECT_EQ(lane.next(), "l7-7");
  EXPECT_FALSE(lane.places.hurries()) << "from now on batches wait for company";
}

TEST(Interleaved, TakesOneOfEachInTurn) {
  Lane lane(DrainOrder::interleaved, 7);
  lane.come(9);
  EXPECT_EQ(lane.next(), "l8-10");
  EXPECT_EQ(lane.next(), "b1-3");
  EXPECT_EQ(lane.next(), "l11-13");
  EXPECT_EQ(lane.next(), "b4-6");
  EXPECT_EQ(lane.next(), "l14-16");
  EXPECT_EQ(lane.next(), "b7-7");
  EXPECT_EQ(lane.next(), "");
}

TEST(LanePlaces, StayWhereACulpritIsLookedFor) {
  Lane lane(DrainOrder::live_first, 10);
  lane.come(6);
  EXPECT_EQ(lane.next(9), "b1-3");
  EXPECT_EQ(lane.next(9), "b4-6");
  EXPECT_EQ(lane.next(12), "l11-13");
}

TEST(LanePlaces, GoBackInThePlaceOfAnEntryOnly) {
  Lane lane(DrainOrder::live_first, 10);
  lane.come(3);
  EXPECT_EQ(lane.next(), "l11-13");
  EXPECT_EQ(lane.next(), "b1-3");
  EXPECT_EQ(lane.next(), "b4-6");
  lane.places.go_back(3);
  EXPECT_EQ(lane.next(), "b3-5");
  lane.places.go_back(12);
  lane.pass_ms(1000);
  EXPECT_EQ(lane.next(), "l12-13");
}

TEST(LanePlaces, AreReadFromTheirBeginningsAfterARewind) {
  Lane lane(DrainOrder::live_first, 3);
  lane.come(2);
  EXPECT_EQ(lane.next(), "l4-5");
  EXPECT_EQ(lane.next(), "b1-3");
  lane.pass_ms(1000);
  lane.places.start_over();
  EXPECT_EQ(lane.next(), "l4-5");
  EXPECT_EQ(lane.next(), "b1-3");
}

}  // namespace
}  // namespace headgate::upstream
