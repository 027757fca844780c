#include "hub/admin/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::hub {
namespace {

TEST(Url, SplitsAndDecodes) {
  const auto url = parse_url("/v1/queues/a%2Fb%20%c3%A9/peek?count=3&x=%3D%26&flag");
  ASSERT_TRUE(url.has_value());
  EXPECT_THAT(url->path, ::testing::ElementsAre("v1", "queues", "a/b \xc3\xa9", "peek"));
  EXPECT_THAT(url->query, ::testing::ElementsAre(::testing::Pair("count", "3"), ::testing::Pair("flag", ""),
                                                 ::testing::Pair("x", "=&")));
}

TEST(Url, RootHasNoSegments) { EXPECT_TRUE(parse_url("/")->path.empty()); }

TEST(Url, RefusesBrokenTargets) {
  for (const char* target : {"", "v1", "/%", "/%4", "/%zz", "/%+1", "/a?b=%", "/a?%x=1", "http://h/v1"}) {
    EXPECT_FALSE(parse_url(target).has_value()) << target;
  }
}

}  // namespace
}  // namespace headgate::hub
