#include "routing/table/source_overlap.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::routing {
namespace {

RouteSource path(std::string text) { return {RouteSource::Kind::path, normalise_source(text)}; }
RouteSource topics(std::string text) { return {RouteSource::Kind::topic_filter, std::move(text)}; }

TEST(SourceOverlap, OfFiltersIsATopicThatMatchesBoth) {
  const struct {
    const char* a;
    const char* b;
    bool overlap;
  } table[] = {
      {"a/b", "a/b", true},     {"a/b", "a/c", false},   {"a/+", "a/c", true},    {"+/b", "a/+", true},
      {"a/#", "a", true},       {"a/#", "b/#", false},   {"#", "x/y/z", true},    {"a/+/c", "a/b/#", true},
      {"a/+/c", "a/b", false},  {"a/b", "a/b/c", false}, {"+/+", "a/b/c", false}, {"a/+/#", "a", false},
      {"a/+/#", "a/b/c", true}, {"a//b", "a/+/b", true},
  };
  for (const auto& [a, b, overlap] : table) {
    EXPECT_EQ(filters_overlap(a, b), overlap) << a << " and " << b;
    EXPECT_EQ(filters_overlap(b, a), overlap) << b << " and " << a;
  }
}

TEST(SourceOverlap, OfPathsIsThatOneIsWithinTheOther) {
  EXPECT_TRUE(sources_overlap(path("/messages/*"), path("/messages/modules/m/outputs/o")));
  EXPECT_TRUE(sources_overlap(path("/messages/modules/M/*"), path("/messages/modules/m/outputs/o")));
  EXPECT_FALSE(sources_overlap(path("/messages/modules/m/*"), path("/messages/modules/m1/*")));
}

TEST(SourceOverlap, OfAPathAndAFilterIsAmongTheModulesTopics) {
  EXPECT_TRUE(sources_overlap(path("/messages/*"), topics("plant/#")));
  EXPECT_TRUE(sources_overlap(topics("modules/M/outputs/+"), path("/messages/modules/m/outputs/o")));
  EXPECT_TRUE(sources_overlap(topics("modules/m/outputs/o"), path("/messages/modules/m/outputs/o")));
  EXPECT_FALSE(sources_overlap(topics("modules/m/outputs/p"), path("/messages/modules/m/outputs/o")));
  EXPECT_FALSE(sources_overlap(topics("plant/#"), path("/messages/modules/m/*")));
}

}  // namespace
}  // namespace headgate::routing
