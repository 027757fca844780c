// Results of a window over its revisions: each has a revision of its own, and the last one that a consumer has is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/routing/compute/support/course.h"
#include "tests/routing/compute/support/stream.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;

// Many keys of few groups, in few windows.
constexpr StreamShape kCrowd{.messages = 400,
                             .step_ms = 400,
                             .behind_ms = 8 * kSecond,
                             .far_behind = 0.05,
                             .odd = 0.02,
                             .keys = 6,
                             .devices = 4};

// `[1,2) r3 partial {"k":4,…}` in parts.
struct Result {
  std::string window;
  int rev = 0;
  bool withdrawn = false;
  std::string body;

  explicit Result(const std::string& text) : window(text.substr(0, text.find(')') + 1)) {
    const std::string rest = text.substr(window.size() + 1);
    rev = rest.starts_with('r') ? std::stoi(rest.substr(1)) : 0;
    withdrawn = rest.find(" withdrawn {") != std::string::npos || rest.starts_with("withdrawn");
    body = rest.substr(rest.find('{'));
  }
  [[nodiscard]] std::string key() const { return body.substr(0, body.find(',')); }
  [[nodiscard]] std::string start() const { return window.substr(0, window.find(',')); }
};

std::string counting_route(const std::string& window, const std::string& time,
                           const std::string& having = "") {
  return "SELECT $body.k AS k, count(*) AS n FROM /messages/* " + time + " GROUP BY $body.k, " + window +
         " " + having + " INTO $upstream";
}

constexpr const char* kByClocks = "TIMESTAMP BY $body.ts OVER $body.d";

class Revisions : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  static Plan plan(const std::string& having = "") {
    const auto [window, time] = GetParam();
    Plan plan(counting_route(window, time, having));
    plan.late(LatePolicy::revise, kSecond, kMinute);
    plan.limits().idle_ms = 10 * kSecond;
    return plan;
  }
  static bool is(const std::string& kind) { return std::string(std::get<0>(GetParam())).starts_with(kind); }
  static bool by_arrival() { return *std::get<1>(GetParam()) == 0; }
  // With a restart now and then.
  static std::vector<Result> run(const Plan& plan, uint32_t seed, const StreamShape& shape) {
    const auto inputs = random_stream(seed, shape);
    Course course(plan);
    size_t number = 0;
    for (const Input& input : inputs) {
      course.send(input);
      if (++number % 37 != 0) continue;
      course.save();
      course.restart(seed);
    }
    course.advance(inputs.back().at_ms + kHour);
    std::vector<Result> results;
    for (const std::string& one : course.results()) results.emplace_back(one);
    return results;
  }
};

TEST_P(Revisions, OfAWindowAreGivenOnceHoweverOftenItsGroupIsEvicted) {
  Plan crowded = plan();
  crowded.limits().groups_max = 2;
  int revised = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::set<std::tuple<std::string, std::string, int>> given;
    for (const Result& one : run(crowded, seed, kCrowd)) {
      EXPECT_TRUE(given.emplace(one.key(), one.start(), one.rev).second)
          << "seed " << seed << ": " << one.window << " r" << one.rev << " " << one.body;
      revised += one.rev > 0 ? 1 : 0;
    }
  }
  const bool in_order = by_arrival() && is("Count");
  EXPECT_GT(revised, in_order ? -1 : 20);
}

// Windows by key and start, as a consumer keeps them: the last revision, unless it was withdrawn.
TEST_P(Revisions, ThatHavingRefusesTakeTheOnesBeforeBack) {
  if (is("Count")) GTEST_SKIP() << "nothing revises such a window";
  StreamShape shape = kCrowd;
  shape.messages = 150;
  int withdrawn = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::map<std::pair<std::string, std::string>, std::string> kept, expected;
    for (const Result& one : run(plan("HAVING count(*) % 2 = 1"), seed, shape)) {
      withdrawn += one.withdrawn ? 1 : 0;
      if (one.withdrawn)
        EXPECT_EQ(kept.erase({one.key(), one.start()}), 1) << one.window << one.body;
      else
        kept[{one.key(), one.start()}] = one.body;
    }
    for (const Result& one : run(plan(), seed, shape)) expected[{one.key(), one.start()}] = one.body;
    std::erase_if(expected, [](const auto& one) {
      return std::stoi(one.second.substr(one.second.find("\"n\":") + 4)) % 2 == 0;
    });
    EXPECT_EQ(kept, expected) << "seed " << seed;
  }
  EXPECT_GT(withdrawn, by_arrival() || is("Sliding") ? -1 : 5);
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Revisions,
                         testing::Combine(testing::Values("Tumbling(5s)", "Hopping(9s, 3s)",
                                                          "Hopping(7s, 3s)", "Session(1s, 1m)",
                                                          "Sliding(10s)", "Count(3)", "Count(3, 2)"),
                                          testing::Values("", kByClocks)));

TEST(SlidingWindows, CountUpTheRevisionsOfMessagesOfOneMoment) {
  Course course(counting_route("Sliding(10s)", ""));
  for (const int64_t at : {0, 0, 5, 5, 5}) course.send(at, R"({"k":1})");
  EXPECT_THAT(course.results(), ElementsAre(R"([-10000,0) {"k":1,"n":1})", R"([-10000,0) r1 {"k":1,"n":2})",
                                            R"([-9995,5) {"k":1,"n":3})", R"([-9995,5) r1 {"k":1,"n":4})",
                                            R"([-9995,5) r2 {"k":1,"n":5})"));
}

// A message that has come through many routes counts in both windows that hold it: neither loses the count, so that
// messages that go round come to an end.
TEST(Hops, OfAResultAreAtLeastThoseOfTheMessagesInItsWindow) {
  Course course("SELECT count(*) AS n FROM /messages/* GROUP BY Hopping(2s, 1s) INTO $upstream");
  course.send({.at_ms = 500, .body = "{}", .hops = 5});
  for (int64_t end : {1000, 2000}) {
    course.save();
    course.restart();
    course.advance(end);
    ASSERT_EQ(course.results().size(), 1);
    EXPECT_EQ(course.hops_of_last(), 5);
  }
  course.send({.at_ms = 2000, .body = "{}", .hops = 1});
  course.advance(3000);
  EXPECT_EQ(course.hops_of_last(), 1);
}

}  // namespace
}  // namespace headgate::routing
