#include "routing/files/compute_rule.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "routing/files/route_check.h"
#include "routing/files/route_file.h"

namespace headgate::routing {
namespace {

RouteFile with_terms(const std::string& members) {
  return parse_route_file(R"({"routes": {"a": {"route": "r", )" + members + "}}}", "r.json");
}

TEST(ComputeRule, ReadsTermsWithUnits) {
  const RouteFile file = with_terms(
      R"("late": {"policy": "deadletter", "tolerance": "30s", "keep": "2h", "idle": "5m", "early": "500ms"},
         "state": {"maxGroups": 100, "maxBytes": "1MiB"})");
  ASSERT_EQ(file.entries.size(), 1u) << file.errors.at(0).what;
  ComputeLimits limits;
  limits.late = LatePolicy::dead_letter;
  limits.tolerance_ms = 30'000;
  limits.keep_ms = 7'200'000;
  limits.idle_ms = 300'000;
  limits.early_ms = 500;
  limits.groups_max = 100;
  limits.state_bytes_max = 1U << 20U;
  EXPECT_EQ(file.entries[0].limits, limits);
}

TEST(ComputeRule, IsTheDefaultWhereTheRouteSaysNothing) {
  EXPECT_EQ(with_terms(R"("priority": 1)").entries.at(0).limits, ComputeLimits{});
}

TEST(ComputeRule, SaysOfEachTermTheFaultAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"("late": "drop")",
       "late: is \"drop\"; allowed: an object with policy, tolerance, keep, idle, early"},
      {R"("late": {"polcy": "drop"})", "late.polcy: unknown key; did you mean \"policy\"?"},
      {R"("late": {"policy": "wait"})",
       "late.policy: is \"wait\"; allowed: \"revise\", \"adjust\", \"drop\" or \"deadletter\""},
      {R"("late": {"keep": 3600})",
       "late.keep: is 3600; allowed: \"500ms\", \"30s\", \"15m\", \"12h\" or \"7d\", up to 31d"},
      {R"("late": {"keep": "32d"})",
       "late.keep: is \"32d\"; allowed: \"500ms\", \"30s\", \"15m\", \"12h\" or \"7d\", up to 31d"},
      {R"("state": [])", "state: is a list; allowed: an object with maxGroups, maxBytes"},
      {R"("state": {"maxGroups": 0})", "state.maxGroups: is 0; allowed: a number of groups, 1 to 10000000"},
      {R"("state": {"maxBytes": 1})",
       "state.maxBytes: is 1; allowed: a number of bytes or \"16MiB\", at least 4KiB"},
      {R"("state": {"groups": 1})", "state.groups: unknown key"}};
  for (const auto& [json, error] : table) {
    const RouteFile file = with_terms(json);
    EXPECT_TRUE(file.entries.empty()) << json;
    ASSERT_EQ(file.errors.size(), 1u) << json;
    EXPECT_EQ(file.errors[0].what, "r.json: routes.a." + error);
  }
}

TEST(ComputeRule, IsAMistakeOfARouteThatRemembersNothing) {
  const auto check = [](const std::string& route) {
    return check_routes(parse_route_file(
        R"({"routes": {"a": {"state": {"maxGroups": 5}, "route": ")" + route + "\"}}}", "r.json"));
  };
  EXPECT_FALSE(check("FROM 'a' INTO $upstream").ok());
  EXPECT_TRUE(check("SELECT count(*) AS n FROM 'a' GROUP BY Tumbling(1m) INTO $upstream").ok());
}

}  // namespace
}  // namespace headgate::routing
