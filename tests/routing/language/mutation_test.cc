// Whatever somebody writes, the compiler answers with a route or with a reason, and what it compiled can
// be evaluated. Random mutations of good routes, from a seed that a failure prints.
#include <gtest/gtest.h>

#include <array>

#include "routing/table/compile.h"
#include "routing/table/route_table.h"
#include "tests/routing/language/spoiler.h"

namespace headgate::routing {
namespace {

constexpr std::array<std::string_view, 10> kRoutes = {
    "FROM /messages/* INTO $upstream",
    "SELECT * FROM /messages/modules/sensor/outputs/* WHERE as_number(temp) > 50 INTO "
    "BrokeredEndpoint('/modules/m/inputs/i')",
    "FROM 'plant/+/temperature' WHERE $body.machine.temperature >= 70.5 AND NOT (level = 'debug') INTO "
    "Topic('a/b')",
    "FROM /* WHERE {$body.a[0].b} ?? 5 = 5 INTO $null",
    "FROM /messages WHERE substring(upper(concat(a, 'b', $sys)), 1, 2) || \"x\\u00e4\" <> 'y' INTO $upstream",
    "FROM /messages WHERE (is_defined(a) OR is_null($body.b)) AND power(2, 3) % 3 <= - 0x1F / 1e-3 INTO "
    "$upstream",
    "FROM /messages /* comment */ WHERE key1!='a' INTO $upstream",
    "FROM /messages WHERE index_of(lower($topic), 'x') != -1 INTO $upstream",
    "FROM /messages WHERE true = false OR null AND undefined INTO $upstream",
    "FROM '#' WHERE starts_with($connectionModuleId, 'ü') INTO Topic('ü')",
};
constexpr std::array<std::string_view, 40> kPieces = {
    " ",     "(",    ")",    "{",         "}", "[0]", "'",     "\"",      "\\",        "/*",
    "*/",    "/",    "*",    "%",         "+", "-",   "||",    "??",      "=",         "!=",
    "<>",    "<",    ">=",   ",",         ";", "@",   "$",     "$body.a", "$upstream", "NOT ",
    " AND ", " OR ", "null", "undefined", "5", "-5",  "1e999", "abs(",    "\xFF",      "\n"};

void expect_places_inside(const std::vector<Diagnostic>& found, const std::string& text) {
  for (const Diagnostic& d : found) {
    EXPECT_LE(d.offset, text.size());
    EXPECT_GE(d.line, 1u);
    EXPECT_GE(d.column, 1u);
    EXPECT_FALSE(d.message.empty());
    EXPECT_FALSE(render(d, text).empty());
  }
}

bool compiles(const std::string& text, Semantics semantics, std::vector<Diagnostic>& found,
              CompiledRoute& route) {
  auto compiled = compile_route(text, semantics, BodyMode::auto_detect, found);
  if (compiled) route = std::move(*compiled);
  return compiled.has_value();
}

// What follows the sink is ignored by edgeHub, with a warning, and braces in a topic are its letters.
bool is_beyond_edgehub(const std::vector<Diagnostic>& found, const CompiledRoute& route) {
  return !found.empty() || route.sinks[0].topic.find_first_of("{}") != std::string::npos;
}

TEST(Mutations, ThatEdgeHubTakesComputeNothing) {
  constexpr uint32_t kSeed = 20261129;
  testing::Spoiler spoiler(kRoutes, kPieces, kSeed);
  size_t taken = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string text = spoiler.next(1 + spoiler.pick(4));
    std::vector<Diagnostic> found;
    CompiledRoute route;
    if (!compiles(text, Semantics::edgehub, found, route) || is_beyond_edgehub(found, route)) continue;
    ++taken;
    if (!compiles(text, Semantics::strict, found, route)) continue;  // for reasons of its own
    ASSERT_TRUE(route.query.passes_on() && !route.query.has_state()) << text;
    ASSERT_EQ(route.sinks.size(), 1u) << text;
    ASSERT_TRUE(route.query.items.empty() && route.query.aggregates.empty() && route.query.keys.empty())
        << text;
  }
  EXPECT_GT(taken, 100u);
}

TEST(Mutations, CompileOrSayWhy) {
  constexpr uint32_t kSeed = 20260801;
  testing::Spoiler spoiler(kRoutes, kPieces, kSeed);
  core::Message message;
  message.topic = "plant/1/temperature";
  message.body = R"({"a":[{"b":5}],"machine":{"temperature":71}})";
  MatchContext context;
  std::vector<Match> matches;
  for (int i = 0; i < 10'000; ++i) {
    RouteSpec spec;
    spec.name = "mutant";
    spec.text = spoiler.next(1 + spoiler.pick(4));
    spec.semantics = i % 2 == 0 ? Semantics::strict : Semantics::edgehub;
    const auto built = RouteTable::build(std::span(&spec, 1));
    const RouteStatus& status = built.statuses[0];
    ASSERT_TRUE(status.ok() || !status.diagnostics.empty()) << "seed " << kSeed << ": " << spec.text;
    if (!status.ok()) expect_places_inside(status.diagnostics, spec.text);
    built.table->match(message, context, matches);
    ASSERT_LE(matches.size(), 1u);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << kSeed << ": " << spec.text;
  }
}

}  // namespace
}  // namespace headgate::routing
