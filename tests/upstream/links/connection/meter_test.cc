#include "upstream/links/connection/meter.h"

#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

core::Now at(int64_t mono_ms) {
  core::Now now;
  now.mono_ms = mono_ms;
  return now;
}

TEST(Meter, AsksForNoLookBeforeAnythingHasPassed) {
  Meter meter;
  EXPECT_EQ(meter.next_look(), Meter::kNever);
  meter.look(0, at(0));
  EXPECT_EQ(meter.next_look(), Meter::kNever);
}

TEST(Meter, NamesTheNextLookAfterTrafficUntilTheCountersRest) {
  Meter meter;
  meter.look(0, at(1000));
  meter.on_traffic();
  EXPECT_EQ(meter.next_look(), 1000 + Meter::kLookMs);
  EXPECT_FALSE(meter.is_due(at(1000 + Meter::kLookMs - 1)));
  EXPECT_TRUE(meter.is_due(at(1000 + Meter::kLookMs)));
  meter.look(500, at(1100));
  EXPECT_EQ(meter.wire_bytes(), 500U);
  EXPECT_EQ(meter.next_look(), 1200) << "an acknowledgement of the kernel may be on its way";
  meter.look(552, at(1200));
  EXPECT_EQ(meter.next_look(), 1300) << "one was";
  meter.look(552, at(1300));
  EXPECT_EQ(meter.next_look(), Meter::kNever);
}

TEST(Meter, LooksAgainWhenTheFirstLookWasBeforeAnythingLeft) {
  Meter meter;
  meter.look(0, at(0));
  meter.on_traffic();
  meter.look(0, at(5000));
  EXPECT_EQ(meter.next_look(), 5000 + Meter::kLookMs);
  meter.look(700, at(5100));
  EXPECT_EQ(meter.wire_bytes(), 700U);
}

TEST(Meter, KeepsWhatItHasSeenWhenTheCountersCannotBeRead) {
  Meter meter;
  meter.look(700, at(0));
  meter.look(0, at(100));
  EXPECT_EQ(meter.wire_bytes(), 700U);
}

TEST(Meter, KnowsTheSpeedOfAStretchInWhichSomethingWasAlwaysOnItsWay) {
  Meter meter;
  meter.measure(true, at(0));
  meter.look(30000, at(Meter::kStretchMs - 1));
  meter.measure(true, at(Meter::kStretchMs - 1));
  EXPECT_EQ(meter.busy_bytes_per_s(), 0U) << "not long enough";
  meter.look(30000, at(Meter::kStretchMs));
  meter.measure(true, at(Meter::kStretchMs));
  EXPECT_EQ(meter.busy_bytes_per_s(), 10000U);
}

TEST(Meter, DoesNotTakeAPauseForASlowLink) {
  Meter meter;
  meter.measure(true, at(0));
  meter.look(100, at(2000));
  meter.measure(false, at(2000));
  meter.measure(true, at(60000));
  meter.look(200, at(61000));
  meter.measure(true, at(61000));
  EXPECT_EQ(meter.busy_bytes_per_s(), 0U);
  meter.look(6100, at(63000));
  meter.measure(true, at(63000));
  EXPECT_EQ(meter.busy_bytes_per_s(), 2000U) << "since it was busy again";
}

}  // namespace
}  // namespace headgate::upstream
