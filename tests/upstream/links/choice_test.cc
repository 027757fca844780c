#include "upstream/links/choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace headgate::upstream {
namespace {

constexpr uint16_t kAll = 0x7FF;
constexpr uint16_t kUrgent = 1;

LinkView up(uint16_t lanes = kAll, bool proven = false) {
  return {.up = true, .proven = proven, .lanes = lanes};
}
LinkView down(bool given_up, uint16_t lanes = kAll) { return {.given_up = given_up, .lanes = lanes}; }

TEST(BestLink, IsTheFirstThatIsUp) {
  EXPECT_EQ(best_link(std::vector{up(), up()}, {}), 0U);
  EXPECT_EQ(best_link(std::vector{down(true), up()}, {}), 1U);
  EXPECT_EQ(best_link(std::vector{down(false), down(false)}, {}), std::nullopt);
}

TEST(BestLink, IsWaitedForUntilItIsGivenUp) {
  EXPECT_EQ(best_link(std::vector{down(false), up()}, {}), std::nullopt) << "it may still come up";
  EXPECT_EQ(best_link(std::vector{down(true), up()}, {}), 1U);
  EXPECT_EQ(best_link(std::vector{down(false, 0), up()}, {}), 1U) << "it would take nothing";
  EXPECT_EQ(best_link(std::vector{down(false, kUrgent), up()}, {}), 1U) << "it would take less";
  EXPECT_EQ(best_link(std::vector{down(false), up()}, 1), 1U) << "the queue stays on its way meanwhile";
}

TEST(BestLink, TakesMoreLanesBeforeItIsPreferred) {
  EXPECT_EQ(best_link(std::vector{up(kUrgent), up()}, {}), 1U);
  EXPECT_EQ(best_link(std::vector{up(kUrgent), down(true)}, {}), 0U);
  EXPECT_EQ(best_link(std::vector{up(0), down(true)}, {}), std::nullopt);
}

TEST(BestLink, IsLeftForABetterOneOnceThatHasProvenItself) {
  EXPECT_EQ(best_link(std::vector{up(), up()}, 1), 1U);
  EXPECT_EQ(best_link(std::vector{up(kAll, true), up()}, 1), 0U);
  EXPECT_EQ(best_link(std::vector{up(), up(0)}, 1), 0U) << "the one that is left takes nothing any more";
}

TEST(NeededLinks, AreTheFirstAndWhoeverTakesOverFromIt) {
  EXPECT_TRUE(is_needed(std::vector{down(false), down(false)}, 0, kAll));
  EXPECT_FALSE(is_needed(std::vector{down(false), down(false)}, 1, kAll)) << "the first may still come up";
  EXPECT_TRUE(is_needed(std::vector{down(true), down(false)}, 1, kAll));
  EXPECT_FALSE(is_needed(std::vector{up(), up()}, 1, kAll));
}

TEST(NeededLinks, CarryOnlyWhatTheyMay) {
  EXPECT_FALSE(is_needed(std::vector{down(true), down(false, kUrgent)}, 1, kAll & ~kUrgent));
  EXPECT_TRUE(is_needed(std::vector{down(true), down(false, kUrgent)}, 1, kUrgent));
  EXPECT_TRUE(is_needed(std::vector{down(false, kUrgent), up()}, 1, kAll)) << "the first is a last resort";
  EXPECT_FALSE(is_needed(std::vector{down(false)}, 0, 0)) << "nothing has to go";
}

}  // namespace
}  // namespace headgate::upstream
