// In whose name routes publish, and what that one may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/access/hub_user.h"
#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RightsToPublish : public Windows {
 protected:
  RightsToPublish() {
    listener_.connect(testing::v5("listener"));
    listener_.subscribe(1, {testing::to("#", 1)});
    commit();
    (void)listener_.read();
  }
  void route_as(const std::string& user, std::string text) {
    route(std::move(text));
    routes_.entries.back().publish_as = user;
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
    commit();
  }
  void restrict(const std::string& user, std::string filter) {
    access_.add(user, {{true, broker::kAllActions, std::move(filter)}});
    engine_->renew_grants();
  }
  // Topics on which something was heard since the last call, but for the sensors'.
  std::string heard() {
    std::string lines;
    for (const std::string& line : listener_.read())
      if (line.find(" in/") == std::string::npos) lines += line + "\n";
    return lines;
  }
  RouteInfo info() { return engine_->describe_routes()[0]; }

  testing::ScriptedClient listener_ = client();
};

TEST_F(RightsToPublish, AreWholeForTheHubWhereNoRuleNamesIt) {
  route("SELECT $body.n AS n FROM 'in/+' INTO Topic('out/{$body.n}')");
  publish("in/a", R"({"n":1})");
  EXPECT_THAT(heard(), HasSubstr("out/1"));
}

TEST_F(RightsToPublish, OfTheHubCanBeRestricted) {
  restrict(std::string(kHubUser), "out/1");
  route("SELECT $body.n AS n FROM 'in/+' INTO Topic('out/{$body.n}')");
  publish("in/a", R"({"n":1})");
  publish("in/a", R"({"n":2})");
  EXPECT_THAT(heard(), ::testing::AllOf(HasSubstr("out/1"), Not(HasSubstr("out/2"))));
  EXPECT_EQ(info().counts.type_errors, 1u);
  EXPECT_EQ(info().type_error_last, "'$hub' may not publish on 'out/2'");
}

TEST_F(RightsToPublish, AreThoseOfTheUserThatARouteNames) {
  restrict("line", "line/#");
  route_as("line", "SELECT $body.n AS n FROM 'in/+' INTO Topic('{$body.to}/x')");
  publish("in/a", R"({"n":1,"to":"line"})");
  publish("in/a", R"({"n":2,"to":"other"})");
  EXPECT_THAT(heard(), ::testing::AllOf(HasSubstr("line/x"), Not(HasSubstr("other/x"))));
  EXPECT_EQ(info().type_error_last, "'line' may not publish on 'other/x'");
}

TEST_F(RightsToPublish, HoldForResultsOfWindows) {
  restrict("line", "line/#");
  route_as("line",
           "SELECT count(*) AS n FROM 'in/+' GROUP BY $body.to, Tumbling(1m) INTO Topic('{$body.to}/x')");
  publish("in/a", R"({"to":"line"})");
  publish("in/a", R"({"to":"other"})");
  pass(60'000);
  EXPECT_THAT(heard(), ::testing::AllOf(HasSubstr("line/x"), Not(HasSubstr("other/x"))));
  EXPECT_EQ(info().counts.type_errors, 1u);
}

TEST_F(RightsToPublish, AreAskedForMessagesThatArePassedOn) {
  restrict("line", "line/#");
  route_as("line", "FROM 'in/+' INTO Topic('other/x')");
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("route_may_not_publish route=r0 as=line topic=other/x")));
  publish("in/a", "{}");
  EXPECT_THAT(heard(), Not(HasSubstr("other/x")));
  EXPECT_EQ(info().counts.type_errors, 1u);
}

TEST_F(RightsToPublish, OfSomebodyUnknownAreNone) {
  route_as("nobody", "FROM 'in/+' INTO Topic('other/x')");
  publish("in/a", "{}");
  EXPECT_THAT(heard(), Not(HasSubstr("other/x")));
}

TEST_F(RightsToPublish, ChangeWithTheRules) {
  restrict("line", "line/#");
  route_as("line", "FROM 'in/+' INTO Topic('other/x')");
  restrict("line", "#");
  publish("in/a", "{}");
  EXPECT_THAT(heard(), HasSubstr("other/x"));
}

TEST_F(RightsToPublish, DoNotConcernQueues) {
  restrict(std::string(kHubUser), "nothing");
  route("SELECT $body.n AS n FROM 'in/+' INTO $upstream");
  publish("in/a", R"({"n":1})");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1})"));
}

}  // namespace
}  // namespace headgate::hub
