#include "routing/compute/aggregates/stable_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>

namespace headgate::routing::testing {
namespace {

// From the reference implementation.
TEST(StableHash, IsXxHash) {
  EXPECT_EQ(stable_hash("", 0), 0xEF46DB3751D8E999u);
  EXPECT_EQ(stable_hash("a", 0), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(stable_hash("abc", 0), 0x44BC2CF5AD770999u);
  EXPECT_EQ(stable_hash("Nobody inspects the spammish repetition", 0), 0xFBCEA83C8A378BF1u);
}

TEST(StableHash, ChangesHalfTheBitsWithEachBitOfTheInput) {
  const std::string base = "machine/press-07/temperature, in degrees";
  for (size_t bit = 0; bit < base.size() * 8; ++bit) {
    std::string other = base;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    const int changed = std::popcount(stable_hash(base, 0) ^ stable_hash(other, 0));
    EXPECT_GE(changed, 12) << bit;
    EXPECT_LE(changed, 52) << bit;
  }
}

TEST(StableHash, DependsOnTheSeed) { EXPECT_NE(stable_hash("abc", 0), stable_hash("abc", 1)); }

}  // namespace
}  // namespace headgate::routing::testing
