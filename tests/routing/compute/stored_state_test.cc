// Stored state that was written by others, or by nobody.
#include <gtest/gtest.h>

#include <random>

#include "tests/routing/compute/support/course.h"
#include "tests/routing/compute/support/stream.h"

namespace headgate::routing {
namespace {

constexpr const char* kRoute =
    "SELECT $body.k AS k, avg($body.v) AS a, percentile($body.v, 0.9) AS p, last($body.v) AS l FROM /messages/* "
    "TIMESTAMP BY $body.ts OVER $body.d WHERE changed($body.v, 1) OVER ($body.k) GROUP BY $body.k, Hopping(20s, 5s) "
    "INTO $upstream";

std::map<std::string, std::string> stored_by(const Plan& plan) {
  Course course(plan);
  for (const Input& input : random_stream(7, {.messages = 60, .behind_ms = 9 * kSecond})) course.send(input);
  course.save();
  return course.stored();
}

Plan revising() {
  Plan plan(kRoute);
  plan.late(LatePolicy::revise, 2 * kSecond);
  return plan;
}

// Behind the first `from` bytes: those say which plan wrote it.
void flip_a_bit(std::string& bytes, size_t from, std::mt19937& random) {
  char& byte = bytes[from + random() % (bytes.size() - from)];
  byte = static_cast<char>(byte ^ (1 << random() % 8));
}

TEST(StoredState, IsRefusedIfAnotherPlanWroteIt) {
  const Plan other("SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(10s) INTO $upstream");
  Computation computation(other.shared());
  for (const auto& [key, bytes] : stored_by(revising())) EXPECT_FALSE(computation.load(key, bytes));
  EXPECT_EQ(computation.groups(), 0);
}

TEST(StoredState, OutlivesAnotherSelectAndAnotherCondition) {
  const Plan other(
      "SELECT avg($body.v) + 1 AS b, percentile($body.v, 0.9) AS p, last($body.v) AS l FROM /messages/* "
      "TIMESTAMP BY $body.ts OVER $body.d WHERE changed($body.v, 1) OVER ($body.k) AND $body.v > 0 "
      "GROUP BY $body.k, Hopping(20s, 5s) HAVING avg($body.v) > 3 INTO $upstream");
  EXPECT_EQ(plan_signature(*other.shared()), plan_signature(*revising().shared()));
  Computation computation(other.shared());
  for (const auto& [key, bytes] : stored_by(revising())) EXPECT_TRUE(computation.load(key, bytes));
}

TEST(StoredState, BelongsToOneWindowAndOneSetOfKeys) {
  const auto signature = [](const std::string& group) {
    return plan_signature(
        *Plan("SELECT count(*) AS n FROM /messages/* GROUP BY " + group + " INTO $upstream").shared());
  };
  EXPECT_EQ(signature("$body.k, Tumbling(10s)"), signature("$body.k, Tumbling(second, 10)"));
  EXPECT_NE(signature("$body.k, Tumbling(10s)"), signature("$body.k, Tumbling(11s)"));
  EXPECT_NE(signature("$body.k, Tumbling(10s)"), signature("$body.l, Tumbling(10s)"));
  EXPECT_NE(signature("$body.k, Tumbling(10s)"), signature("Tumbling(10s)"));
  EXPECT_NE(signature("$body.k, Tumbling(10s)"), signature("$body.k, Session(10s, 10s)"));
}

TEST(StoredState, IsRefusedWhereItIsCut) {
  const Plan plan = revising();
  for (const auto& [key, bytes] : stored_by(plan)) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      Computation computation(plan.shared());
      EXPECT_FALSE(computation.load(key, bytes.substr(0, size))) << key[0] << " " << size;
    }
  }
}

TEST(StoredState, DoesNoHarmWhateverItsBytesAre) {
  const Plan plan = revising();
  const auto stored = stored_by(plan);
  const auto inputs = random_stream(8, {.messages = 30, .behind_ms = 9 * kSecond});
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Course course(plan);
    for (const auto& [stored_key, stored_bytes] : stored) {
      std::string key = stored_key;
      std::string bytes = stored_bytes;
      for (auto changes = random() % 3; changes > 0; --changes) flip_a_bit(bytes, 5, random);
      if (random() % 8 == 0) flip_a_bit(key, 0, random);
      (void)course.computation().load(key, bytes);
    }
    for (const Input& input : inputs) course.send(input);
    course.advance_once(inputs.back().at_ms + kHour, 256);
    course.computation().save_changed([](std::string_view, const std::optional<std::string>&) {});
  }
}

TEST(StoredState, MayLackEntries) {
  const Plan plan = revising();
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    Course course(plan);
    for (const auto& [key, bytes] : stored_by(plan)) {
      const bool there = random() % 3 != 0;
      EXPECT_EQ(there && course.computation().load(key, bytes), there);
    }
    for (const Input& input : random_stream(9, {.messages = 20})) course.send(input);
    course.save();
  }
}

}  // namespace
}  // namespace headgate::routing
