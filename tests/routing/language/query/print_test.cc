// Routes as text again: parsing what was printed gives the same route, whatever it was.
#include "routing/language/print.h"

#include <gtest/gtest.h>

#include "routing/table/compile.h"
#include "tests/routing/language/query/random_route.h"

namespace headgate::routing {
namespace {

std::string text_of_route(const CompiledRoute& route) {
  return print(route.source, route.condition, route.query, route.sinks);
}

std::optional<CompiledRoute> compile_printed(const std::string& text) {
  std::vector<Diagnostic> found;
  auto route = compile_route(text, Semantics::strict, BodyMode::auto_detect, found);
  std::string rendered;
  for (const Diagnostic& diagnostic : found) rendered += render(diagnostic, text);
  EXPECT_TRUE(route) << text << "\n" << rendered;
  return route;
}

std::string print_of(const std::string& text) {
  const auto route = compile_printed(text);
  return route ? text_of_route(*route) : "";
}

bool same_tree(const Expression& a, const Expression& b) {
  if (a.nodes.size() != b.nodes.size()) return false;
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const Node& x = a.nodes[i];
    const Node& y = b.nodes[i];
    if (x.op != y.op || x.type != y.type || x.number != y.number || x.left != y.left || x.right != y.right)
      return false;
    if (x.op == Op::string_literal && a.names[x.name] != b.names[y.name]) return false;
    if (x.op == Op::lookup && a.names[x.name] != b.names[y.name]) return false;
    const bool body = x.op == Op::body || x.op == Op::body_or_property || x.op == Op::lookup;
    if (body && a.paths[x.path] != b.paths[y.path]) return false;
  }
  return true;
}

TEST(Print, PutsBracketsOnlyWhereTheyAreNeeded) {
  for (const auto& [text, condition] :
       {std::pair("(a = 'x') AND ((b = 'y') OR c = 'z')", "a = 'x' AND (b = 'y' OR c = 'z')"),
        {"NOT (A = 'x')", "NOT (a = 'x')"},
        {"(1 + 2) * 3 = 9", "(1 + 2) * 3 = 9"},
        {"1 + (2 * 3) = 7", "1 + 2 * 3 = 7"},
        {"1 - (2 - 3) = 2", "1 - (2 - 3) = 2"},
        {"- (- $body.a) > -5", "- - $body.a > -5"},
        {"(NOT $body.a) = $body.b", "NOT $body.a = $body.b"},
        {"{$BODY.a} <> $body.b[1]", "{$body.a} != $body.b[1]"},
        {"concat( a,\"it's\" ) = 'a\\\\b'", "concat(a, 'it\\'s') = 'a\\\\b'"}}) {
    EXPECT_EQ(print_of("FROM 'a' WHERE " + std::string(text) + " INTO $null"),
              "SELECT * FROM 'a' WHERE " + std::string(condition) + " INTO $null");
  }
}

TEST(Print, WritesAWholeRoute) {
  EXPECT_EQ(
      print_of("select $body.asset, COUNT( * ) as n, median($body.t) AS 'a b' from /messages/modules/M/* "
               "timestamp by $body.ts over $body.asset where every(1800s) and STARTS_WITH(Site, \"x\") "
               "group by TumblingWindow(minute, 5), $body.asset having count(*) >= 2 into $UPSTREAM, "
               "topic('a/{$body.asset}'), $null"),
      "SELECT $body.asset AS asset, count(*) AS n, percentile($body.t, 0.5) AS 'a b' FROM /messages/modules/m/* "
      "TIMESTAMP BY $body.ts OVER $body.asset WHERE every(30m) AND starts_with(site, 'x') "
      "GROUP BY $body.asset, Tumbling(5m) HAVING count(*) >= 2 INTO $upstream, Topic(\"a/{$body.asset}\"), $null");
}

TEST(Print, GivesARouteThatPrintsAndReadsTheSame) {
  constexpr uint32_t kSeed = 20261129;
  headgate::testing::RandomRoute random(kSeed);
  for (int i = 0; i < 1500; ++i) {
    const std::string text = random.text();
    const auto route = compile_printed(text);
    ASSERT_TRUE(route) << "seed " << kSeed;
    const std::string once = text_of_route(*route);
    const auto again = compile_printed(once);
    ASSERT_TRUE(again) << text << "\n" << once;
    ASSERT_EQ(text_of_route(*again), once) << text;
    ASSERT_EQ(again->source, route->source) << once;
    ASSERT_TRUE(same_tree(again->condition, route->condition)) << once;
    ASSERT_TRUE(same_tree(again->query.having, route->query.having)) << once;
    ASSERT_TRUE(same_tree(again->query.timestamp, route->query.timestamp)) << once;
    ASSERT_EQ(again->query.window, route->query.window) << once;
    ASSERT_EQ(again->query.items.size(), route->query.items.size()) << once;
    for (size_t k = 0; k < route->query.items.size(); ++k) {
      ASSERT_EQ(again->query.items[k].name, route->query.items[k].name) << once;
      ASSERT_TRUE(same_tree(again->query.items[k].value, route->query.items[k].value)) << once;
    }
  }
}

}  // namespace
}  // namespace headgate::routing
