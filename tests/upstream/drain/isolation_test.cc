#include "upstream/drain/isolation.h"

#include <gtest/gtest.h>

#include <numeric>

#include "upstream/link/link.h"

namespace headgate::upstream {
namespace {

using Verdict = Isolation::Verdict;
constexpr uint8_t kNotAuthorized = 0x87;

class IsolationTest : public ::testing::Test {
 protected:
  Verdict refuse(store::Seq first, size_t count, uint8_t code = payload_format_invalid) {
    std::vector<store::Seq> seqs(count);
    std::iota(seqs.begin(), seqs.end(), first);
    return isolation_.on_refused(seqs, code, accepted_);
  }

  Isolation isolation_{3};
  uint64_t accepted_ = 0;
};

TEST_F(IsolationTest, LeavesBatchesAloneUntilOneIsRefused) {
  EXPECT_EQ(isolation_.message_limit(1, 1000), 1000U);
}

TEST_F(IsolationTest, HalvesARefusedBatchAndOnlyThat) {
  EXPECT_EQ(refuse(1, 100), Verdict::split);
  EXPECT_EQ(isolation_.message_limit(1, 1000), 50U);
  EXPECT_EQ(isolation_.message_limit(100, 1000), 50U);
  EXPECT_EQ(isolation_.message_limit(101, 1000), 1000U);
  EXPECT_EQ(refuse(51, 50), Verdict::split);
  EXPECT_EQ(isolation_.message_limit(51, 1000), 25U);
}

TEST_F(IsolationTest, GivesALoneMessageItsAttemptsAndThenBuriesIt) {
  EXPECT_EQ(refuse(8, 1), Verdict::retry_later);
  EXPECT_EQ(refuse(8, 1), Verdict::retry_later);
  EXPECT_EQ(refuse(8, 1), Verdict::bury);
}

TEST_F(IsolationTest, CountsAttemptsPerMessage) {
  EXPECT_EQ(refuse(8, 1), Verdict::retry_later);
  EXPECT_EQ(refuse(8, 1), Verdict::retry_later);
  EXPECT_EQ(refuse(9, 1), Verdict::retry_later);
}

TEST_F(IsolationTest, BuriesForAGeneralReasonOnlyIfOthersGetThrough) {
  EXPECT_EQ(refuse(8, 1, kNotAuthorized), Verdict::retry_later);
  EXPECT_EQ(refuse(8, 1, kNotAuthorized), Verdict::retry_later);
  ++accepted_;
  EXPECT_EQ(refuse(8, 1, kNotAuthorized), Verdict::bury);
}

TEST_F(IsolationTest, ProbesWithTheNextMessageWhenNothingGetsThrough) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(refuse(8, 1, kNotAuthorized), Verdict::retry_later);
  EXPECT_EQ(refuse(8, 1, kNotAuthorized), Verdict::pass_over);
  EXPECT_EQ(isolation_.passed_over(), 8U);
  EXPECT_EQ(isolation_.message_limit(9, 1000), 1U);
  EXPECT_EQ(isolation_.on_accepted(), 8U);
}

TEST_F(IsolationTest, BlamesTheUpstreamWhenTheProbeIsRefusedToo) {
  for (int i = 0; i < 3; ++i) (void)refuse(8, 1, kNotAuthorized);
  EXPECT_EQ(refuse(9, 1, kNotAuthorized), Verdict::refuses_all);
  EXPECT_EQ(isolation_.passed_over(), 0U);
  EXPECT_EQ(isolation_.message_limit(8, 1000), 1000U);
  EXPECT_EQ(isolation_.on_accepted(), std::nullopt);
}

}  // namespace
}  // namespace headgate::upstream
