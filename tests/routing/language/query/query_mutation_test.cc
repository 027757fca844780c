// Whatever somebody writes, the compiler answers with a route or with a reason. Random mutations of routes that
// compute, from a seed that a failure prints; what may not happen aborts in run_route().
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "routing/table/compile.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/route_target.h"
#include "tests/routing/language/query/computing_routes.h"

namespace headgate::testing {
namespace {

constexpr std::array<std::string_view, 62> kPieces = {" ",
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
                                                      "\n"};

class Spoiler {
 public:
  explicit Spoiler(uint32_t seed) : random_(seed) {}

  std::string next() {
    std::string text(kComputingRoutes[pick(kComputingRoutes.size())]);
    for (size_t i = pick(5); i > 0; --i) spoil(text);
    return text;
  }
  char choice() { return static_cast<char>(random_()); }

 private:
  size_t pick(size_t count) { return random_() % count; }

  void spoil(std::string& text) {
    const size_t at = pick(text.size() + 1);
    switch (pick(4)) {
      case 0:
        text.insert(at, kPieces[pick(kPieces.size())]);
        break;
      case 1:
        text.erase(at, 1 + pick(8));
        break;
      case 2:
        text.replace(at, std::min<size_t>(pick(4), text.size() - at), kPieces[pick(kPieces.size())]);
        break;
      default: {
        const std::string_view other = kComputingRoutes[pick(kComputingRoutes.size())];
        text.insert(at, other.substr(pick(other.size()), pick(40)));
      }
    }
  }

  std::mt19937 random_;
};

size_t run(uint32_t seed, int count) {
  Spoiler spoiler(seed);
  size_t compiled = 0;
  std::string input;
  for (int i = 0; i < count; ++i) {
    input = spoiler.choice() + spoiler.next();
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
