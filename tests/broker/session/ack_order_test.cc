#include "broker/session/ack_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AckOrderTest : public ::testing::Test {
 protected:
  std::vector<int> due() {
    std::vector<int> ids;
    while (const auto answer = order_.take()) ids.push_back(answer->packet_id);
    return ids;
  }

  AckOrder order_;
};

TEST_F(AckOrderTest, GivesNoAnswerBeforeThoseOfEarlierPublishes) {
  const uint32_t first = order_.add(1, 1), second = order_.add(2, 1);
  order_.settle(second, ReasonCode::success, {});
  EXPECT_THAT(due(), IsEmpty());
  order_.settle(first, ReasonCode::success, {});
  EXPECT_THAT(due(), ElementsAre(1, 2));
}

TEST_F(AckOrderTest, KeepsReasonAndTextOfAnAnswerThatWaits) {
  const uint32_t first = order_.add(1, 1), second = order_.add(2, 2);
  order_.settle(second, ReasonCode::quota_exceeded, "no room");
  order_.settle(first, ReasonCode::success, {});
  EXPECT_EQ(order_.take()->why, "");
  const auto answer = order_.take();
  EXPECT_EQ(answer->reason, ReasonCode::quota_exceeded);
  EXPECT_EQ(answer->why, "no room");
  EXPECT_EQ(answer->qos, 2);
}

TEST_F(AckOrderTest, KnowsWhetherAnAnswerIsStillToCome) {
  const uint32_t first = order_.add(1, 2);
  EXPECT_TRUE(order_.waits(first));
  order_.settle(first, ReasonCode::success, {});
  (void)order_.take();
  EXPECT_FALSE(order_.waits(first));
}

TEST_F(AckOrderTest, KnowsNoPlaceOfAnEarlierConnection) {
  const uint32_t old = order_.add(1, 1);
  order_.clear();
  order_.add(2, 1);
  order_.settle(old, ReasonCode::success, {});
  EXPECT_FALSE(order_.waits(old));
  EXPECT_THAT(due(), IsEmpty());
}

}  // namespace
}  // namespace headgate::broker
