// The time of a trial passes while the hub tries in vain, and at no other time.
#include "hub/remote/trial.h"

#include <gtest/gtest.h>

#include <vector>

namespace headgate::hub {
namespace {

class TrialTest : public ::testing::Test {
 protected:
  // Looks each second for so long; true once the time is over.
  bool pass_s(int64_t seconds) {
    bool over = false;
    for (int64_t i = 0; i < seconds && !over; ++i) over = look();
    return over;
  }
  bool look() { return trial_.look(links_, now_ms_ += 1000); }

  int64_t now_ms_ = 5'000'000;
  std::vector<LinkSight> links_ = {{.name = "lte", .trying = true}};
  Trial trial_{60'000, 0};
};

TEST_F(TrialTest, CountsTheWaitBeforeAnAttemptOnceThatHasFailed) {
  ASSERT_FALSE(pass_s(1000));
  EXPECT_EQ(trial_.tried_ms(), 0) << "no attempt has ended";
  ++links_[0].failures;
  EXPECT_TRUE(look());
}

TEST_F(TrialTest, DoesNotCountWhileNoLinkIsToBeUsed) {
  links_[0].trying = false;
  ASSERT_FALSE(pass_s(100'000));
  links_[0].trying = true;
  ASSERT_FALSE(pass_s(10));
  ++links_[0].failures;
  EXPECT_FALSE(look());
  EXPECT_EQ(trial_.tried_ms(), 11'000);
}

TEST_F(TrialTest, CountsWhileABudgetLetsNothingPass) {
  links_[0] = {.name = "lte", .refused = true};
  EXPECT_FALSE(pass_s(60));
  EXPECT_TRUE(look());
}

TEST_F(TrialTest, CountsWhileALinkIsUpAndDoesNotAnswer) {
  links_[0] = {.name = "lte", .up = true};
  EXPECT_FALSE(pass_s(60));
  EXPECT_TRUE(look());
}

TEST_F(TrialTest, GoesOnWhereItWasWhenTheHubEnded) {
  trial_ = Trial(60'000, 58'000);
  links_[0] = {.name = "lte", .refused = true, .failures = 12};
  EXPECT_FALSE(look()) << "the time without the hub does not count";
  EXPECT_FALSE(look());
  EXPECT_TRUE(look());
}

TEST_F(TrialTest, CountsAttemptsOverAnyLink) {
  links_.push_back({.name = "fiber", .trying = true});
  links_[0].trying = false;
  ASSERT_FALSE(pass_s(30));
  ++links_[1].failures;
  ASSERT_FALSE(pass_s(30));
  EXPECT_EQ(trial_.tried_ms(), 30'000);
}

}  // namespace
}  // namespace headgate::hub
