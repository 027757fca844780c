#include "upstream/links/connection/suspects.h"

#include <gtest/gtest.h>

#include "upstream/links/carrier.h"

namespace headgate::upstream {
namespace {

class SilentUser : public CarrierUser {
 public:
  void on_carrier_acked(Token, uint8_t, core::Now) override {}
  void on_carrier_down(const LinkDown&, core::Now) override {}
  [[nodiscard]] std::optional<int64_t> take_hurry() override { return std::nullopt; }
};

core::Now moment(int64_t mono_ms) {
  core::Now now;
  now.mono_ms = mono_ms;
  return now;
}

class SuspectsTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool only_admits(const CarrierUser& user) const {
    for (const CarrierUser* const one : {&a_, &b_, &c_})
      if (suspects_.admits(*one) != (one == &user)) return false;
    return suspects_.alone() == &user;
  }
  [[nodiscard]] bool admits_all() const {
    return suspects_.alone() == nullptr && suspects_.admits(a_) && suspects_.admits(b_) &&
           suspects_.admits(c_);
  }

  SilentUser a_;
  SilentUser b_;
  SilentUser c_;
  Suspects suspects_;
};

TEST_F(SuspectsTest, AreNoneWhileOnlyOneCanBeWhy) {
  EXPECT_TRUE(admits_all());
  suspects_.accuse({});
  suspects_.accuse({&a_});
  EXPECT_TRUE(admits_all());
}

TEST_F(SuspectsTest, HaveTheConnectionOneAfterTheOther) {
  suspects_.accuse({&a_, &b_});
  EXPECT_TRUE(only_admits(a_));
  suspects_.clear_first(moment(10));
  EXPECT_TRUE(only_admits(b_));
  suspects_.clear_first(moment(20));
  EXPECT_TRUE(admits_all());
}

TEST_F(SuspectsTest, GoLastOnceTheyWereAloneWhenItEnded) {
  suspects_.accuse({&a_, &b_, &c_});
  suspects_.accuse({&a_});
  EXPECT_TRUE(only_admits(b_));
  suspects_.clear_first(moment(10));
  EXPECT_TRUE(only_admits(c_));
  suspects_.clear_first(moment(20));
  EXPECT_TRUE(only_admits(a_));
}

TEST_F(SuspectsTest, StayInTheirOrderWhenItEndsWithNobodysPublish) {
  suspects_.accuse({&a_, &b_});
  suspects_.accuse({});
  EXPECT_TRUE(only_admits(a_));
}

TEST_F(SuspectsTest, HaveTheirTimeFromWhenTheyCanBegin) {
  suspects_.accuse({&a_, &b_});
  suspects_.begin_time(moment(1000));
  EXPECT_EQ(suspects_.time_ends_ms(), 1000 + Suspects::kSoloMs);
  suspects_.clear_first(moment(1500));
  EXPECT_EQ(suspects_.time_ends_ms(), 1500 + Suspects::kSoloMs) << "of the next";
}

TEST_F(SuspectsTest, AreForgottenWithTheirUser) {
  suspects_.accuse({&a_, &b_});
  suspects_.forget(a_);
  EXPECT_TRUE(only_admits(b_));
  suspects_.forget(b_);
  EXPECT_TRUE(admits_all());
}

TEST_F(SuspectsTest, HaveSoManyQuickAttemptsUntilAllAreCleared) {
  suspects_.accuse({&a_, &b_});
  for (uint32_t i = 0; i < Suspects::kQuickMax; ++i) EXPECT_TRUE(suspects_.take_quick());
  EXPECT_FALSE(suspects_.take_quick());
  suspects_.clear_first(moment(0));
  EXPECT_FALSE(suspects_.take_quick());
  suspects_.clear_first(moment(0));
  EXPECT_TRUE(suspects_.take_quick());
}

}  // namespace
}  // namespace headgate::upstream
