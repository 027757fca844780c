// The bound of a route's memory against what malloc() gives out, for every aggregate and every kind of window.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

constexpr uint64_t kStateBytesMax = 200'000;

// 0 where a sanitizer took the place of malloc().
size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// By arrival, and by event time with a clock for each key and sessions and windows that are kept.
class MeasuredMemory : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {
 protected:
  static Plan plan() {
    const auto [aggregate, window, time] = GetParam();
    Plan plan("SELECT " + std::string(aggregate) + " AS a FROM /messages/* " + time + " GROUP BY $body.k, " +
              window + " INTO $null");
    plan.late(LatePolicy::revise, 0, 10 * kMinute);
    plan.limits().state_bytes_max = kStateBytesMax;
    return plan;
  }
  static std::string body(int64_t i) {
    const std::string text = std::to_string(i * 7919 % 100'003);
    return R"({"k":)" + std::to_string(i % 30) + R"(,"v":)" + text + R"(,"s":"text )" + text +
           std::string(static_cast<size_t>(i % 90), 's') + R"(","ts":)" +
           std::to_string(1'785'585'600 + i / 10) + "}";
  }
};

TEST_P(MeasuredMemory, StaysWithinTwiceTheBoundThatTheRouteHas) {
  Course course(plan());
  const size_t before = allocated_bytes();
  if (before == 0) GTEST_SKIP() << "a sanitizer took the place of malloc()";
  size_t most = 0;
  for (int64_t i = 0; i < 3'000; ++i) {
    course.send(1'785'585'600'000 + i * 100, body(i));
    if (i % 50 != 0) continue;
    (void)course.results();
    course.computation().save_changed([](std::string_view, const std::optional<std::string>&) {});
    ASSERT_LE(course.computation().state_bytes(), kStateBytesMax);
    most = std::max(most, allocated_bytes());
  }
  const double share = static_cast<double>(most - std::min(most, before)) / kStateBytesMax;
  RecordProperty("of_bound", std::to_string(share));
  EXPECT_LE(share, 2.0) << course.computation().state_bytes() << " bytes by estimate, "
                        << course.computation().groups() << " groups";
}

INSTANTIATE_TEST_SUITE_P(
    AllKinds, MeasuredMemory,
    testing::Combine(testing::Values("count(*)", "sum($body.v)", "avg($body.v)", "min($body.s)",
                                     "last($body.s)", "stddev($body.v)", "rate($body.v)",
                                     "percentile($body.v, 0.9)", "distinct($body.s)", "collect($body.s, 100)",
                                     "argmax($body.s, $body.v)"),
                     testing::Values("Tumbling(1s)", "Hopping(1m, 1s)", "Session(2s, 10s)", "Sliding(1m)",
                                     "Count(200, 10)"),
                     testing::Values("", "TIMESTAMP BY $body.ts OVER $body.s")));

}  // namespace
}  // namespace headgate::routing
