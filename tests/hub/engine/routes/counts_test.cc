// Counters of routes: for each, and over all since the start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

class RouteCounts : public Windows {
 protected:
  RouteInfo info(size_t route) { return engine_->describe_routes()[route]; }
  static std::string text(const RouteInfo& route) {
    return std::to_string(route.counts.evaluated) + " evaluated, " + std::to_string(route.counts.matched) +
           " matched, " + std::to_string(route.counts.undefined) + " undefined, " +
           std::to_string(route.counts.type_errors) + " type errors, " +
           std::to_string(route.counts.results) + " out";
  }
  void publish_all() {
    for (const char* body :
         {R"({"n":1,"to":"a"})", R"({"n":9,"to":"b"})", R"({"n":9,"to":"#"})", R"({"to":"c"})"})
      publish("in/a", body);
  }
};

TEST_F(RouteCounts, OfARouteThatPasses) {
  route("FROM 'in/#' WHERE $body.n > 5 INTO $upstream");
  publish_all();
  EXPECT_EQ(text(info(0)), "4 evaluated, 2 matched, 1 undefined, 0 type errors, 2 out");
}

TEST_F(RouteCounts, OfARouteThatMakesSomethingOfEachMessage) {
  route("SELECT *, 1 AS k FROM 'in/#' WHERE $body.n > 5 INTO Topic('out/{$body.to}')");
  publish_all();
  EXPECT_EQ(text(info(0)), "4 evaluated, 2 matched, 1 undefined, 1 type errors, 2 out");
}

TEST_F(RouteCounts, OfARouteWithAWindow) {
  route(
      "SELECT sum($body.n) AS n FROM 'in/#' WHERE $body.n > 5 GROUP BY $body.to, Tumbling(1m) INTO $upstream");
  publish_all();
  publish("other", R"({"n":9})");
  pass(60'000);
  EXPECT_EQ(text(info(0)), "4 evaluated, 2 matched, 1 undefined, 0 type errors, 2 out");
}

TEST_F(RouteCounts, OverAllOutliveReloadsAndRoutes) {
  route("FROM 'in/#' WHERE $body.n > 5 INTO $upstream");
  route("SELECT count(*) AS n FROM 'in/#' WHERE $body.n > 5 GROUP BY Tumbling(1m) INTO $upstream");
  publish_all();
  pass(1'000);
  remove_routes();
  for (int i = 0; i < 3; ++i) pass(1'000);
  const routing::RouteCounts counts = engine_->route_counts();
  EXPECT_EQ(counts.evaluated, 8u);
  EXPECT_EQ(counts.matched, 4u);
  EXPECT_EQ(counts.results, 3u);
}

}  // namespace
}  // namespace headgate::hub
