#include "store/disk/space_watch.h"

#include <gtest/gtest.h>

#include "tests/store/units.h"

namespace headgate::store {
namespace {

constexpr uint64_t kTotal = 1'000'000 * kMiB;

// 64 MiB are to stay free, beside a reserve of 32 MiB.
class Watched : public ::testing::Test {
 protected:
  void free_mib(uint64_t mib, uint64_t reserved_mib = 32) {
    watch.on_space({mib * kMiB, kTotal, reserved_mib * kMiB}, 0);
  }

  SpaceWatch watch{{64 * kMiB, 32 * kMiB}};
};

TEST_F(Watched, RefusesNothingBeforeItHasLooked) {
  watch.on_taken(kTotal);
  EXPECT_FALSE(watch.low());
  EXPECT_FALSE(watch.tight());
  EXPECT_FALSE(watch.sets_reserve_aside());
}

TEST_F(Watched, IsLowBelowTheMinimumUntilThereIsAQuarterMore) {
  free_mib(64);
  EXPECT_FALSE(watch.low());
  free_mib(63);
  EXPECT_TRUE(watch.low());
  free_mib(79);
  EXPECT_TRUE(watch.low());
  free_mib(80);
  EXPECT_FALSE(watch.low());
}

TEST_F(Watched, StopsSessionsFirstThenPublishersThenConsumersAndTakesThemUpInTurn) {
  const auto stopped_at = [this](uint64_t mib) {
    free_mib(mib);
    return watch.stopped();
  };
  EXPECT_EQ(stopped_at(96), RoomFor::none);
  EXPECT_EQ(stopped_at(95), RoomFor::sessions);
  EXPECT_EQ(stopped_at(64), RoomFor::sessions);
  EXPECT_EQ(stopped_at(63), RoomFor::publishers);
  EXPECT_EQ(stopped_at(32), RoomFor::publishers);
  EXPECT_EQ(stopped_at(31), RoomFor::consumers);
  EXPECT_EQ(stopped_at(39), RoomFor::consumers) << "until there is a quarter more";
  EXPECT_EQ(stopped_at(40), RoomFor::publishers);
  EXPECT_EQ(stopped_at(80), RoomFor::sessions);
  EXPECT_EQ(stopped_at(119), RoomFor::sessions);
  EXPECT_EQ(stopped_at(120), RoomFor::none);
}

TEST_F(Watched, CountsWhatWasTakenInTwiceUntilItLooksAgain) {
  free_mib(66);
  watch.on_taken(kMiB);
  EXPECT_FALSE(watch.low());
  watch.on_taken(1);
  EXPECT_TRUE(watch.low());
  EXPECT_TRUE(watch.look_due());
  watch.on_space({100 * kMiB, kTotal, 32 * kMiB}, 18 * kMiB);
  EXPECT_TRUE(watch.low()) << "18 MiB are still on their way to the disk";
}

TEST_F(Watched, LooksAgainAfterASixteenthOfTheMinimum) {
  free_mib(1'000);
  watch.on_taken(4 * kMiB - 1);
  EXPECT_FALSE(watch.look_due());
  watch.on_taken(1);
  EXPECT_TRUE(watch.look_due());
}

TEST_F(Watched, FeedsTheReserveBeforeItTakesMessages) {
  free_mib(110, 0);
  EXPECT_FALSE(watch.low());
  EXPECT_FALSE(watch.sets_reserve_aside()) << "that would leave 78 MiB";
  free_mib(90, 0);
  EXPECT_TRUE(watch.low());
  free_mib(111, 0);
  EXPECT_TRUE(watch.low());
  free_mib(112, 0);
  EXPECT_FALSE(watch.low());
  EXPECT_TRUE(watch.sets_reserve_aside());
  free_mib(80, 32);
  EXPECT_FALSE(watch.low());
  EXPECT_FALSE(watch.sets_reserve_aside());
}

TEST_F(Watched, MakesAReserveSmallerThatIsTooLarge) {
  free_mib(1'000, 33);
  EXPECT_FALSE(watch.sets_reserve_aside());
  free_mib(1'000, 34);
  EXPECT_TRUE(watch.sets_reserve_aside());
}

TEST_F(Watched, GivesTheReserveBackBelowAnEighthOfTheMinimum) {
  free_mib(8);
  EXPECT_FALSE(watch.gives_reserve_back());
  free_mib(7);
  EXPECT_TRUE(watch.gives_reserve_back());
  free_mib(39, 0);
  EXPECT_FALSE(watch.gives_reserve_back());
  EXPECT_FALSE(watch.sets_reserve_aside());
}

TEST_F(Watched, IsTightBelowTwiceTheMinimumAndUntilThereIsAQuarterMore) {
  free_mib(127);
  EXPECT_TRUE(watch.tight());
  EXPECT_FALSE(watch.low());
  free_mib(159);
  EXPECT_TRUE(watch.tight());
  free_mib(160);
  EXPECT_FALSE(watch.tight());
}

TEST_F(Watched, LetsCompactingBeginOnlyWithRoomForWhatItTakesUp) {
  free_mib(1'000);
  EXPECT_EQ(watch.room_to_compact({10'000 * kMiB, 0}), RoomToCompact::ample);
  free_mib(170);
  EXPECT_EQ(watch.room_to_compact({10'000 * kMiB, 0}), RoomToCompact::none)
      << "not tight, but it would make the disk low";
  free_mib(120);
  EXPECT_EQ(watch.room_to_compact({40 * kMiB, 0}), RoomToCompact::enough);
  EXPECT_EQ(watch.room_to_compact({41 * kMiB, 0}), RoomToCompact::none) << "it would make the disk low";
  free_mib(60);
  EXPECT_EQ(watch.room_to_compact({76 * kMiB, 0}), RoomToCompact::enough) << "with the reserve";
  EXPECT_EQ(watch.room_to_compact({77 * kMiB, 0}), RoomToCompact::none);
}

TEST_F(Watched, CountsTheMemtablesThatAreFlushedBeforeACompactionIfTheyAreMoreThanAQuarterOfTheMinimum) {
  EXPECT_EQ(watch.compacting_bytes({0, 0}), 16 * kMiB);
  EXPECT_EQ(watch.compacting_bytes({0, 16 * kMiB}), 16 * kMiB);
  EXPECT_EQ(watch.compacting_bytes({5 * kMiB, 17 * kMiB}), 22 * kMiB);
  free_mib(120);
  EXPECT_EQ(watch.room_to_compact({30 * kMiB, 26 * kMiB}), RoomToCompact::enough);
  EXPECT_EQ(watch.room_to_compact({30 * kMiB, 27 * kMiB}), RoomToCompact::none);
}

TEST_F(Watched, HasToSpareWhatDoesNotMakeItLow) {
  free_mib(120);
  EXPECT_EQ(watch.spare_bytes(), 56 * kMiB);
  watch.on_compacting(50 * kMiB);
  EXPECT_EQ(watch.spare_bytes(), 6 * kMiB);
  free_mib(64);
  EXPECT_EQ(watch.spare_bytes(), 0u);
}

TEST_F(Watched, KeepsWhatCompactingTakesUpFromMessages) {
  free_mib(120);
  watch.on_compacting(56 * kMiB);
  EXPECT_FALSE(watch.low());
  watch.on_taken(1);
  EXPECT_TRUE(watch.low());
  watch.on_compacting(0);
  EXPECT_FALSE(watch.low());
}

TEST_F(Watched, TakesOfASmallDiskAnEighthAndASixteenth) {
  watch.on_space({96 * kMiB, 96 * kMiB, 0}, 0);
  EXPECT_EQ(watch.min_free_bytes(), 12 * kMiB);
  EXPECT_EQ(watch.reserve_bytes(), 6 * kMiB);
}

TEST_F(Watched, SaysWhatIsFreeAndWhenItGoesOnWithABeginningThatStays) {
  free_mib(40, 32);
  const std::string held = watch.refusal(RoomFor::publishers);
  EXPECT_EQ(
      held,
      "the disk is nearly full, and the hub stores no message for now: 40.0 MiB are free; it goes on by "
      "itself from 80.0 MiB on");
  free_mib(20, 0);
  EXPECT_EQ(watch.refusal(RoomFor::publishers).substr(0, 64), held.substr(0, 64))
      << "what the log is limited by";
}

TEST(UnwatchedDisk, IsNeverLow) {
  SpaceWatch watch({0, 0});
  EXPECT_FALSE(watch.enabled());
  watch.on_space({0, kTotal, 0}, 0);
  EXPECT_FALSE(watch.low());
  EXPECT_FALSE(watch.tight());
}

TEST(UnwatchedDisk, DropsAReserveThatIsNoLongerWanted) {
  SpaceWatch watch({kMiB, 0});
  watch.on_space({kTotal, kTotal, kMiB}, 0);
  EXPECT_TRUE(watch.gives_reserve_back());
}

}  // namespace
}  // namespace headgate::store
