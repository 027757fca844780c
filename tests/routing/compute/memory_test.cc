#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <vector>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

// Bytes on the heap; 0 where a sanitizer has its own.
size_t heap_bytes() { return mallinfo2().uordblks; }

TEST(IdleComputation, TakesLessThanEightKibibytes) {
  constexpr size_t kMany = 200;
  const auto plan =
      Plan(
          "SELECT $body.k AS k, avg($body.v) AS a, percentile($body.v, 0.95) AS p FROM /messages/* "
          "TIMESTAMP BY $body.ts OVER $body.k WHERE changed($body.v, 1) GROUP BY $body.k, Hopping(1m, 10s) "
          "INTO Topic('a/b')")
          .shared();
  MessageFields fields;
  core::Message message;
  message.body = R"({"k":"press","v":7,"ts":1000})";
  fields.bind(message);
  std::vector<Computation> computations;
  computations.reserve(kMany);
  const size_t before = heap_bytes();
  for (size_t i = 0; i < kMany; ++i) {
    Computation::Results out;
    bool dead_letter = false;
    computations.emplace_back(plan);
    ASSERT_EQ(computations.back().take(fields, 1000, "device", "id", dead_letter, out), Truth::yes);
    computations.back().save_changed([](std::string_view, const std::optional<std::string>&) {});
    ASSERT_EQ(computations.back().groups(), 2);
  }
  EXPECT_LE((heap_bytes() - before) / kMany, 8192);
  RecordProperty("bytes", static_cast<int>((heap_bytes() - before) / kMany));
}

}  // namespace
}  // namespace headgate::routing
