// One run of a computation, cut into random changes with a restart from stored state at each cut, gives the results
// of the run that was not cut.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "tests/routing/compute/support/course.h"
#include "tests/routing/compute/support/stream.h"

namespace headgate::routing {
namespace {

// More of them: HEADGATE_SEEDS=1000.
uint32_t seeds() {
  const char* wanted = std::getenv("HEADGATE_SEEDS");
  return wanted ? static_cast<uint32_t>(std::atoi(wanted)) : 4;
}

struct Case {
  const char* name;
  const char* route;
  StreamShape shape = {};
  std::function<void(Plan&)> terms = [](Plan&) {};
};

void late_terms(Plan& plan, LatePolicy policy) {
  plan.late(policy, 3 * kSecond, 5 * kMinute);
  plan.limits().idle_ms = 20 * kSecond;
}

// Groups are forgotten while their clock is silent.
void silent_terms(Plan& plan) {
  plan.late(LatePolicy::revise, kSecond, 2 * kSecond);
  plan.limits().idle_ms = 2 * kSecond;
}

#define HEADGATE_ALL                                                                                                   \
  "SELECT $body.k AS k, $window.start AS t0, $window.end AS t1, count(*) AS n, sum($body.v) AS s, avg($body.v) AS a, " \
  "min($body.v) AS lo, max($body.v) AS hi, first($body.v) AS f, last($body.v) AS l, stddev($body.v) AS sd, "           \
  "percentile($body.v, 0.9) AS p, distinct($body.v) AS dv, collect($body.v, 5) AS some "

std::vector<Case> cases() {
  const StreamShape late{.behind_ms = 8 * kSecond, .far_behind = 0.05, .odd = 0.03};
  const StreamShape many{
      .messages = 200, .behind_ms = 8 * kSecond, .far_behind = 0.05, .keys = 12, .devices = 12};
  return {
      {"tumbling", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Tumbling(10s, 3s) INTO $upstream"},
      {"hopping", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Hopping(30s, 2s) INTO $upstream"},
      {"session", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Session(2s, 20s) INTO $upstream"},
      {"sliding", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Sliding(15s) INTO $upstream"},
      {"count", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Count(6, 2) INTO $upstream"},
      {"tumbling by event time",
       HEADGATE_ALL "FROM /messages/* TIMESTAMP BY $body.ts GROUP BY $body.k, Tumbling(10s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::revise); }},
      {"tumbling by several clocks",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Tumbling(10s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::revise); }},
      {"hopping by several clocks",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Hopping(20s, 4s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::revise); }},
      {"session by several clocks",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Session(4s, 1m) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::revise); }},
      {"sliding by event time",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Sliding(20s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::revise); }},
      {"adjusted",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Hopping(10s, 5s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::adjust); }},
      {"dropped",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Tumbling(10s) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::drop); }},
      {"sessions with late ones as dead letters",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Session(4s, 1m) INTO $upstream",
       late, [](Plan& plan) { late_terms(plan, LatePolicy::dead_letter); }},
      {"too many groups and clocks",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Hopping(20s, 10s) INTO $upstream",
       many,
       [](Plan& plan) {
         late_terms(plan, LatePolicy::revise);
         plan.limits().groups_max = 5;
       }},
      {"too many bytes", HEADGATE_ALL "FROM /messages/* GROUP BY $body.k, Hopping(1m, 2s) INTO $upstream",
       many, [](Plan& plan) { plan.limits().state_bytes_max = 40'000; }},
      {"having",
       "SELECT count(*) AS n FROM /messages/* GROUP BY Tumbling(2s) HAVING count(*) > 2 INTO $upstream"},
      {"filters",
       "SELECT $body.v AS v, lag($body.v, 2) OVER ($body.d) AS before, diff($body.v) AS d FROM /messages/* "
       "WHERE changed($body.v, 5, 20s) OVER ($body.k) OR rising($body.v > 40) OVER ($body.d) OR "
       "(dedup($body.v, 30s) AND every(3s) OVER ($body.d)) OR holds($body.v > 0, 3s) OVER ($body.k) INTO $upstream"},
      {"filters without room",
       "SELECT $body.v AS v FROM /messages/* WHERE changed($body.v, 5) OVER ($body.k) OR dedup($body.v, 10s) OR "
       "falling($body.v > 40) OVER ($body.d) OR sample(0.1) INTO $upstream",
       many, [](Plan& plan) { plan.limits().groups_max = 4; }},
      {"filter before a window",
       "SELECT count(*) AS n, sum($body.v) AS s FROM /messages/* WHERE changed($body.v, 10) OVER ($body.k) "
       "GROUP BY $body.k, Tumbling(10s) INTO $upstream"},
  };
}

std::vector<Case> silent_cases() {
  const StreamShape late{.behind_ms = 8 * kSecond, .far_behind = 0.05, .odd = 0.03};
  return {
      {"tumbling by clocks that fall silent",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, $body.d, Tumbling(4s) INTO $upstream",
       late, silent_terms},
      {"shared groups whose clocks fall silent",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, Hopping(6s, 2s) INTO $upstream",
       late, silent_terms},
      {"sessions whose clocks fall silent",
       HEADGATE_ALL
       "FROM /messages/* TIMESTAMP BY $body.ts OVER $body.d GROUP BY $body.k, $body.d, Session(2s, 10s) INTO $upstream",
       late, silent_terms},
  };
}

std::vector<std::string> whole(const Plan& plan, const std::vector<Input>& inputs) {
  Course course(plan);
  for (const Input& input : inputs) course.send(input);
  course.advance(inputs.back().at_ms + kHour);
  return course.results();
}

// Ticks in between, some of which are cut off in the middle, and a restart after each.
std::vector<std::string> cut(const Plan& plan, const std::vector<Input>& inputs, uint32_t seed) {
  std::mt19937 random(seed);
  Course course(plan);
  int64_t now = inputs.front().at_ms;
  const auto maybe_restart = [&](uint32_t one_of) {
    if (random() % one_of != 0) return;
    course.save();
    course.restart(static_cast<uint32_t>(random()));
  };
  for (const Input& input : inputs) {
    for (auto ticks = random() % 3; ticks > 0; --ticks) {
      now += static_cast<int64_t>(random()) % (input.at_ms - now + 1);
      course.advance_once(now, 1 + random() % 4);
      maybe_restart(3);
    }
    course.advance(input.at_ms, 1 + random() % 4);
    now = input.at_ms;
    maybe_restart(4);
    course.send(input);
    maybe_restart(4);
  }
  while (course.advance_once(now + kHour, 1 + random() % 8)) maybe_restart(3);
  return course.results();
}

class Cuts : public testing::TestWithParam<Case> {};

TEST_P(Cuts, ChangeNoResult) {
  Plan plan(GetParam().route);
  GetParam().terms(plan);
  size_t results = 0;
  for (uint32_t seed = 0; seed < seeds(); ++seed) {
    const std::vector<Input> inputs = random_stream(seed, GetParam().shape);
    const auto expected = whole(plan, inputs);
    ASSERT_EQ(cut(plan, inputs, seed), expected) << "seed " << seed;
    results += expected.size();
  }
  EXPECT_GT(results, seeds());
}

std::string name_of(const testing::TestParamInfo<Case>& tested) {
  std::string name = tested.param.name;
  std::erase(name, ' ');
  return name;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Cuts, testing::ValuesIn(cases()), name_of);
INSTANTIATE_TEST_SUITE_P(SilentClocks, Cuts, testing::ValuesIn(silent_cases()), name_of);

}  // namespace
}  // namespace headgate::routing
