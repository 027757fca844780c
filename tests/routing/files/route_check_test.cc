#include "routing/files/route_check.h"

#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

RouteCheckReport check(std::string_view json) { return check_routes(parse_route_file(json, "r.json")); }

TEST(RouteCheck, GoodRoutesAreOk) {
  const auto report = check(R"({"routes": {"a": "FROM /messages/* INTO $upstream"}})");
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.routes.at(0).entry.name, "a");
}

TEST(RouteCheck, OneBadRouteLeavesTheOthersOk) {
  const auto report = check(R"({"routes": {"a": "FROM /messages/* INTO $upstream", "b": "FROM nowhere"}})");
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(report.routes.at(0).ok());
  EXPECT_FALSE(report.routes.at(1).ok());
}

TEST(RouteCheck, FileErrorsAreNotOk) { EXPECT_FALSE(check("{").ok()); }

TEST(RouteCheck, JsonHasStableFields) {
  EXPECT_EQ(
      to_json(check(R"({"routes": {"a": "FROM /messages/* INTO $upstream", "b": 7}})")),
      R"({"ok":false,"routes":[{"name":"a","file":"r.json","ok":true,"diagnostics":[]}],)"
      R"("errors":[{"file":"r.json","route":"b","message":)"
      R"("r.json: routes.b: is 7; allowed: the route's text, or an object with \"route\""}],"without_effect":[]})");
}

TEST(RouteCheck, NamesThePartsOfAManifestThatHaveNoEffect) {
  const auto report =
      check(R"({"$edgeHub": {"properties.desired": {"schemaVersion": "1.0", "routes": {}}}, "m": {"a": 1}})");
  EXPECT_TRUE(report.ok()) << "they are no mistakes";
  EXPECT_EQ(to_json(report),
            R"({"ok":true,"routes":[],"errors":[],"without_effect":[{"file":"r.json","path":"m.a",)"
            R"("advice":"no twin is set by a file of routes: headgate twin set DEVICE/m does, as )"
            R"(headgate twin get shows"}]})");
}

TEST(RouteCheck, WarnsWhereAFilterWithMemoryComesBesideARouteThatPicks) {
  const auto report = check(R"json({"routes": {
      "all": "FROM 'plant/#' INTO $upstream",
      "steps": "FROM 'plant/+/c' WHERE changed($body.c, 5) INTO Topic('steps'), $upstream",
      "office": "FROM 'office/#' WHERE changed($body.c, 5) INTO $upstream",
      "mean": "SELECT avg($body.c) AS c FROM 'plant/#' GROUP BY Tumbling(1m) INTO $upstream"}})json");
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.routes.at(1).diagnostics.size(), 1u);
  EXPECT_EQ(
      render(report.routes[1].diagnostics[0], report.routes[1].entry.text),
      "1:65: warning: $upstream gets such a message twice: the route `all` sends it there, too\n"
      "  FROM 'plant/+/c' WHERE changed($body.c, 5) INTO Topic('steps'), $upstream\n"
      "                                                                  ^^^^^^^^^\n"
      "  help: an endpoint gets a message once of all routes that pick; results come beside: narrow a source, "
      "or take this sink out of one of the routes\n");
  for (const size_t other : {0, 2, 3}) EXPECT_TRUE(report.routes[other].diagnostics.empty()) << other;
}

TEST(RouteCheck, CompilesShadowsApart) {
  const auto report = check(R"json({"routes": {
      "all": "FROM 'plant/#' INTO $upstream",
      "steps": {"route": "FROM 'plant/+' WHERE changed($body.c, 5) INTO $upstream", "shadow": true},
      "round": {"route": "FROM 'a' INTO Topic('b')", "shadow": true},
      "back": "FROM 'b' INTO Topic('a')",
      "bad": {"route": "FROM 'a' INTO $upstrem", "shadow": true},
      "odd": {"route": "FROM 'a' INTO $upstream", "shadow": 1}}})json");
  EXPECT_FALSE(report.ok());
  for (const size_t good : {0, 1, 2, 3}) EXPECT_TRUE(report.routes.at(good).diagnostics.empty()) << good;
  EXPECT_FALSE(report.routes.at(4).ok());
  ASSERT_EQ(report.errors.size(), 1u);
  EXPECT_EQ(report.errors[0].what, "r.json: routes.odd.shadow: is 1; allowed: true or false");
}

TEST(RouteSpecs, CarryTheDefaultTimeToLive) {
  const auto specs = route_specs({{"a", "r", uint8_t{3}, 60u, Semantics::edgehub, BodyMode::declared, "f"},
                                  {"b", "r", {}, {}, {}, {}, "f"}},
                                 7200);
  EXPECT_EQ(specs.at(0).ttl_s, 60u);
  EXPECT_EQ(specs.at(0).priority, 3);
  EXPECT_EQ(specs.at(0).semantics, Semantics::edgehub);
  EXPECT_EQ(specs.at(1).ttl_s, 7200u);
  EXPECT_EQ(specs.at(1).priority, std::nullopt);
}

}  // namespace
}  // namespace headgate::routing
