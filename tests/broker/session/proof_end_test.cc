// When what a client was let in by is over, whatever is done to the clock.
#include "broker/session/proof_end.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace headgate::broker {
namespace {

using State = ProofEnd::State;

constexpr int64_t kHourMs = 3'600'000;

class ProofEnds : public ::testing::Test {
 protected:
  ProofEnd in_an_hour() { return {clock_.now().wall_ms + kHourMs, clock_.now()}; }

  testing::ManualClock clock_;
};

TEST_F(ProofEnds, NeverWhereNothingIsSaid) {
  ProofEnd end;
  clock_.advance_ms(INT64_MAX / 4);
  EXPECT_EQ(end.look(clock_.now()), State::good);
}

TEST_F(ProofEnds, AfterTheTimeItWasGoodForAtConnect) {
  ProofEnd end = in_an_hour();
  clock_.advance_ms(kHourMs - 1);
  EXPECT_EQ(end.look(clock_.now()), State::good);
  clock_.advance_ms(1);
  EXPECT_EQ(end.look(clock_.now()), State::over);
}

TEST_F(ProofEnds, NotByAClockThatIsSet) {
  for (const int64_t by_ms : {1'000 * kHourMs, -1'000 * kHourMs}) {
    ProofEnd end = in_an_hour();
    clock_.jump_wall_ms(by_ms);
    EXPECT_EQ(end.look(clock_.now()), State::good) << by_ms;
    clock_.jump_wall_ms(-by_ms);
  }
}

TEST_F(ProofEnds, InElapsedTimeThoughTheClockWasSetAhead) {
  ProofEnd end = in_an_hour();
  clock_.jump_wall_ms(10 * kHourMs);
  clock_.advance_ms(kHourMs);
  EXPECT_EQ(end.look(clock_.now()), State::over);
}

TEST_F(ProofEnds, NotWhileTheClockIsKnownToBeUnset) {
  ProofEnd end = in_an_hour();
  clock_.doubt();
  clock_.advance_ms(2 * kHourMs);
  EXPECT_EQ(end.look(clock_.now()), State::doubtful);
}

TEST_F(ProofEnds, NotByAClockThatIsBeforeWhatTheStoreHasSeen) {
  ProofEnd end = in_an_hour();
  clock_.jump_wall_ms(-100 * kHourMs);
  clock_.advance_ms(2 * kHourMs);
  EXPECT_EQ(end.look(clock_.now()), State::doubtful);
}

// The clock is years behind at CONNECT, and is right afterwards.
TEST_F(ProofEnds, AsTheClockSaysOnceItIsRight) {
  const int64_t behind_ms = 1'000'000 * kHourMs / 1'000;
  clock_.jump_wall_ms(-behind_ms);
  ProofEnd end(clock_.now().wall_ms + behind_ms + kHourMs, clock_.now());  // made by a clock that was right
  EXPECT_EQ(end.look(clock_.now()), State::good);
  clock_.jump_wall_ms(behind_ms);
  EXPECT_EQ(end.look(clock_.now()), State::good);
  clock_.advance_ms(kHourMs - 1);
  EXPECT_EQ(end.look(clock_.now()), State::good);
  clock_.advance_ms(1);
  EXPECT_EQ(end.look(clock_.now()), State::over);
}

TEST_F(ProofEnds, AnHourAfterTheClockWasSetForWhoCameWithATokenOfTheSameWrongClock) {
  const int64_t behind_ms = 1'000 * kHourMs;
  clock_.jump_wall_ms(-behind_ms);
  ProofEnd end = in_an_hour();
  clock_.jump_wall_ms(behind_ms);
  EXPECT_EQ(end.look(clock_.now()), State::good) << "the step ends nobody";
  clock_.advance_ms(kHourMs);
  EXPECT_EQ(end.look(clock_.now()), State::over);
}

}  // namespace
}  // namespace headgate::broker
