#include "routing/trial/matches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

RouteSpec matches_spec(std::string name, std::string text) {
  RouteSpec spec;
  spec.name = std::move(name);
  spec.text = std::move(text);
  return spec;
}

std::vector<core::MessagePtr> readings(const std::vector<int>& values) {
  std::vector<core::MessagePtr> messages;
  for (const int value : values) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = R"({"c": )" + std::to_string(value) + "}";
    messages.push_back(std::move(message));
  }
  return messages;
}

TEST(RouteMatches, CountWhatTheNewVersionTakesMoreAndWhatItTakesNoMore) {
  const std::vector<RouteSpec> before = {
      matches_spec("hot", "FROM 'plant/#' WHERE $body.c > 10 INTO $upstream")};
  const std::vector<RouteSpec> after = {
      matches_spec("hot", "FROM 'plant/#' WHERE $body.c < 20 INTO $upstream")};
  const auto found = compare_matches(readings({5, 6, 15, 25}), {before}, {after});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].route, "hot");
  EXPECT_EQ(found[0].before, 2u);
  EXPECT_EQ(found[0].after, 3u);
  EXPECT_EQ(found[0].gained, 2u);
  EXPECT_EQ(found[0].lost, 1u);
}

TEST(RouteMatches, TellOfRoutesThatAreNewOrGone) {
  const std::vector<RouteSpec> before = {matches_spec("old", "FROM 'plant/#' INTO $upstream")};
  const std::vector<RouteSpec> after = {matches_spec("new", "FROM 'plant/1' INTO $upstream"),
                                        matches_spec("other", "FROM 'office/#' INTO $upstream")};
  const auto found = compare_matches(readings({1, 2}), {before}, {after});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].route, "new");
  EXPECT_TRUE(found[0].is_after);
  EXPECT_FALSE(found[0].is_before);
  EXPECT_EQ(found[0].gained, 2u);
  EXPECT_EQ(found[1].after, 0u);
  EXPECT_EQ(found[2].route, "old");
  EXPECT_FALSE(found[2].is_after);
  EXPECT_EQ(found[2].lost, 2u);
}

TEST(RouteMatches, CountWhatCouldNotBeDecided) {
  const std::vector<RouteSpec> after = {matches_spec("hot", "FROM '#' WHERE $body.bar > 1 INTO $upstream")};
  const auto found = compare_matches(readings({1, 2}), {}, {after});
  EXPECT_EQ(found[0].after, 0u);
  EXPECT_EQ(found[0].undefined, 2u);
}

TEST(RouteMatches, SayOfWhichRoutesNothingIsKnown) {
  const std::vector<RouteSpec> before = {matches_spec("broken", "FROM '#' INTO $upstream")};
  const std::vector<RouteSpec> after = {
      matches_spec("broken", "FROM WHERE"),
      matches_spec("rising", "SELECT $body.c FROM '#' WHERE $body.c > lag($body.c) INTO $upstream")};
  const auto found = compare_matches(readings({1, 2}), {before}, {after});
  EXPECT_THAT(found[0].why_not, HasSubstr("compile"));
  EXPECT_EQ(found[0].before, 0u);
  EXPECT_THAT(found[1].why_not, HasSubstr("messages before"));
  EXPECT_EQ(found[1].after, 0u);
}

TEST(RouteMatches, WithoutAnythingThereIsNothing) { EXPECT_THAT(compare_matches({}, {}, {}), IsEmpty()); }

}  // namespace
}  // namespace headgate::routing
