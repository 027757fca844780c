// Filters of a session that outlives the hub: none is asked for twice, none is left behind.
#include "upstream/downstream/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WantedFilter kA{"a/#", 1};
const WantedFilter kB{"b", 0};

TEST(Subscriptions, AreAskedForOnANewSession) {
  Subscriptions subscriptions({kA, kB}, "");
  EXPECT_THAT(subscriptions.on_up(false).ask, ElementsAre(kA, kB));
  EXPECT_EQ(subscriptions.missing(), 2u);
  subscriptions.on_granted("a/#");
  EXPECT_EQ(subscriptions.missing(), 1u);
}

TEST(Subscriptions, AreNotAskedForAgainWhereTheSessionHoldsThem) {
  Subscriptions first({kA, kB}, "");
  (void)first.on_up(false);
  first.on_granted("a/#");
  Subscriptions second({kA, kB}, first.record());
  const auto plan = second.on_up(true);
  EXPECT_THAT(plan.ask, ElementsAre(kB)) << "whether that was granted is not known";
  EXPECT_THAT(plan.leave, IsEmpty());
}

TEST(Subscriptions, AreAllAskedForAgainWhenTheBrokerHasForgotten) {
  Subscriptions subscriptions({kA}, "g1 a/#\n");
  EXPECT_THAT(subscriptions.on_up(false).ask, ElementsAre(kA));
}

TEST(Subscriptions, AreLeftThatNobodyWantsAnyMore) {
  Subscriptions subscriptions({kB}, "g1 a/#\ng0 b\n");
  EXPECT_THAT(subscriptions.on_up(true).leave, ElementsAre("a/#"));
  EXPECT_THAT(subscriptions.on_up(true).leave, ElementsAre("a/#")) << "the broker has not answered";
  subscriptions.on_left("a/#");
  EXPECT_THAT(subscriptions.on_up(true).leave, IsEmpty());
  EXPECT_EQ(subscriptions.record(), "g0 b\n");
}

TEST(Subscriptions, AreAskedForAnewWithAnotherQos) {
  Subscriptions subscriptions({{"a/#", 0}}, "g1 a/#\n");
  EXPECT_THAT(subscriptions.on_up(true).ask, ElementsAre(WantedFilter{"a/#", 0}));
}

TEST(Subscriptions, ReadARecordThatIsDamagedAsFarAsItGoes) {
  Subscriptions subscriptions({kA}, "nonsense\n\ng1\ng1 a/#");
  EXPECT_THAT(subscriptions.on_up(true).ask, IsEmpty());
}

}  // namespace
}  // namespace headgate::upstream
