// Whatever somebody writes, the compiler answers with a route or with a reason. Random mutations of routes that
// compute, from a seed that a failure prints; what may not happen aborts in run_route().
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "routing/table/compile.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/route_target.h"
#include "tests/routing/language/query/computing_routes.h"
#include "tests/routing/language/spoiler.h"

namespace headgate::testing {
namespace {

constexpr auto kComputingPieces = std::to_array<std::string_view>({" ",
                                                                   "(",
                                                                   ")",
                                                                   "{",
                                                                   "}",
                                                                   "{{",
                                                                   "}}",
                                                                   "[0]",
                                                                   "'",
                                                                   "\"",
                                                                   "\\",
                                                                   "/*",
                                                                   "*/",
                                                                   "/",
                                                                   "*",
                                                                   "-",
                                                                   "||",
                                                                   "??",
                                                                   "=",
                                                                   ",",
                                                                   "$",
                                                                   "$body.a",
                                                                   "NOT ",
                                                                   " AND ",
                                                                   "null",
                                                                   "5",
                                                                   "-5",
                                                                   "1e999",
                                                                   "abs(",
                                                                   "\xFF",
                                                                   " AS ",
                                                                   " GROUP BY ",
                                                                   " HAVING ",
                                                                   " OVER (",
                                                                   " FILTER (WHERE ",
                                                                   "count(*)",
                                                                   "avg(",
                                                                   "lag(",
                                                                   "Tumbling(",
                                                                   "1m",
                                                                   "10s",
                                                                   "minute, ",
                                                                   "0.5",
                                                                   "'2%'",
                                                                   "$window.",
                                                                   "payload()",
                                                                   "topic_level(",
                                                                   "lookup('t', ",
                                                                   ").a.b[1]",
                                                                   "SELECT ",
                                                                   "FROM ",
                                                                   " WHERE ",
                                                                   " INTO ",
                                                                   "Topic('",
                                                                   "Upstream(",
                                                                   "$deadletter",
                                                                   "TIMESTAMP BY ",
                                                                   " by ",
                                                                   "every(",
                                                                   "changed(",
                                                                   "distinct",
                                                                   "Offset(",
                                                                   "percentile(",
                                                                   "\n"});

size_t run(uint32_t seed, int count) {
  Spoiler spoiler(kComputingRoutes, kComputingPieces, seed);
  size_t compiled = 0;
  std::string input;
  for (int i = 0; i < count; ++i) {
    input = spoiler.letter() + spoiler.next(spoiler.pick(5));
    fuzz::now_running = input;
    fuzz::run_route(input);
    std::vector<routing::Diagnostic> ignored;
    if (routing::compile_route(std::string_view(input).substr(1), routing::Semantics::strict,
                               routing::BodyMode::auto_detect, ignored)) {
      ++compiled;
    }
  }
  fuzz::now_running = "this input";
  return compiled;
}

TEST(ComputingRoutes, CompileUnspoilt) {
  for (const std::string_view text : kComputingRoutes) {
    std::vector<routing::Diagnostic> found;
    EXPECT_TRUE(
        routing::compile_route(text, routing::Semantics::strict, routing::BodyMode::auto_detect, found))
        << text;
  }
}

TEST(ComputingRoutes, CompileOrSayWhyWhenTheyAreSpoilt) {
  const char* const seed = std::getenv("HEADGATE_SEED");
  const char* const count = std::getenv("HEADGATE_RUNS");
  const int runs = count != nullptr ? std::atoi(count) : 4000;
  EXPECT_GT(run(seed != nullptr ? static_cast<uint32_t>(std::atoi(seed)) : 20261129, runs), 400u);
}

}  // namespace
}  // namespace headgate::testing
