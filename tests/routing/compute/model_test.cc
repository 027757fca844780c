// Windows against a naive recomputation: all messages that a window holds by the end of the stream, counted anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/routing/compute/support/course.h"
#include "tests/routing/compute/support/stream.h"

namespace headgate::routing {
namespace {

// More of them: HEADGATE_SEEDS=10000.
uint32_t model_seeds() {
  const char* wanted = std::getenv("HEADGATE_SEEDS");
  return wanted ? static_cast<uint32_t>(std::atoi(wanted)) : 30;
}

struct Reading {
  int64_t key = 0;
  double value = 0;
  int64_t time_ms = 0;
  int64_t arrived_ms = 0;
};

// A row of a window; equal if all is.
struct Row {
  int64_t count = 0;
  double sum = 0;
  double lowest = 0;
  double highest = 0;

  void add(double value) {
    lowest = count == 0 ? value : std::min(lowest, value);
    highest = count == 0 ? value : std::max(highest, value);
    ++count;
    sum += value;  // multiples of a quarter: exact
  }
  friend bool operator==(const Row&, const Row&) = default;
  friend void PrintTo(const Row& row, std::ostream* out) {
    *out << "n " << row.count << " s " << row.sum << " lo " << row.lowest << " hi " << row.highest;
  }
};

using Rows = std::map<std::tuple<int64_t, int64_t, int64_t>, Row>;  // by key, start and end

double number_after(const std::string& text, const std::string& name) {
  const size_t at = text.find("\"" + name + "\":");
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + name.size() + 3, nullptr);
}

std::vector<Reading> readings_of(const std::vector<Input>& inputs) {
  std::vector<Reading> readings;
  for (const Input& input : inputs) {
    readings.push_back({static_cast<int64_t>(number_after(input.body, "k")), number_after(input.body, "v"),
                        static_cast<int64_t>(number_after(input.body, "ts")), input.at_ms});
  }
  return readings;
}

int64_t floor_to(int64_t time, int64_t step) { return time - ((time % step) + step) % step; }

Rows by_time(const std::vector<Reading>& readings, int64_t size, int64_t hop) {
  Rows rows;
  for (const Reading& one : readings) {
    for (int64_t start = floor_to(one.time_ms, hop); start > one.time_ms - size; start -= hop)
      rows[{one.key, start, start + size}].add(one.value);
  }
  return rows;
}

Rows by_session(std::vector<Reading> readings, int64_t gap) {
  std::stable_sort(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) {
    return std::tie(a.key, a.time_ms) < std::tie(b.key, b.time_ms);
  });
  Rows rows;
  for (size_t first = 0; first < readings.size();) {
    size_t end = first + 1;
    Row row;
    row.add(readings[first].value);
    for (; end < readings.size() && readings[end].key == readings[first].key &&
           readings[end].time_ms - readings[end - 1].time_ms < gap;
         ++end)
      row.add(readings[end].value);
    rows[{readings[first].key, readings[first].time_ms, readings[end - 1].time_ms + gap}] = row;
    first = end;
  }
  return rows;
}

// The last revision of each window that a consumer keeps, by key and start.
Rows last_results(Course& course) {
  std::map<std::pair<int64_t, int64_t>, std::string> kept;
  for (const std::string& result : course.results())
    kept[{static_cast<int64_t>(number_after(result, "k")), std::stoll(result.substr(1))}] = result;
  Rows rows;
  for (const auto& [window, result] : kept) {
    rows[{window.first, window.second, std::stoll(result.substr(result.find(',') + 1))}] = {
        static_cast<int64_t>(number_after(result, "n")), number_after(result, "s"),
        number_after(result, "lo"), number_after(result, "hi")};
  }
  return rows;
}

std::string route(const std::string& window, const std::string& time) {
  return "SELECT $body.k AS k, count(*) AS n, sum($body.v ?? 0) AS s, min($body.v ?? 0) AS lo, max($body.v ?? 0) AS hi "
         "FROM /messages/* " +
         time + " GROUP BY $body.k, " + window + " INTO $upstream";
}

constexpr const char* kByEventTime = "TIMESTAMP BY $body.ts OVER $body.d";

// `tolerance_ms`: less than messages are out of order, so that many are late and revise.
Rows run(const std::string& window, const std::vector<Input>& inputs, int64_t tolerance_ms,
         const char* time = kByEventTime) {
  Plan plan(route(window, time));
  plan.late(LatePolicy::revise, tolerance_ms, 24 * kHour);
  plan.limits().idle_ms = 30 * kSecond;
  Course course(plan);
  for (const Input& input : inputs) course.send(input);
  course.advance(inputs.back().at_ms + 2 * kHour);
  EXPECT_EQ(course.computation().counts().late_dropped, 0);
  return last_results(course);
}

constexpr StreamShape kLate{.messages = 120, .behind_ms = 20 * kSecond, .far_behind = 0.05};

TEST(Model, AgreesWithTumblingWindowsOverLateStreams) {
  for (uint32_t seed = 0; seed < model_seeds(); ++seed) {
    const auto inputs = random_stream(seed, kLate);
    ASSERT_EQ(run("Tumbling(10s)", inputs, 5 * kSecond),
              by_time(readings_of(inputs), 10 * kSecond, 10 * kSecond))
        << seed;
  }
}

TEST(Model, AgreesWithHoppingWindowsOverLateStreams) {
  for (uint32_t seed = 0; seed < model_seeds(); ++seed) {
    const auto inputs = random_stream(seed, kLate);
    ASSERT_EQ(run("Hopping(1m, 4s)", inputs, 5 * kSecond), by_time(readings_of(inputs), kMinute, 4 * kSecond))
        << seed;
  }
}

// Sessions that have given their result keep their name, so only streams that are waited for give those of the model.
TEST(Model, AgreesWithSessionsOverStreamsOutOfOrder) {
  StreamShape shape = kLate;
  shape.far_behind = 0;
  for (uint32_t seed = 0; seed < model_seeds(); ++seed) {
    const auto inputs = random_stream(seed, shape);
    ASSERT_EQ(run("Session(3s, 10h)", inputs, 20 * kSecond), by_session(readings_of(inputs), 3 * kSecond))
        << seed;
  }
}

TEST(Model, AgreesWithWindowsByArrival) {
  for (uint32_t seed = 0; seed < model_seeds(); ++seed) {
    const auto inputs = random_stream(seed, {.messages = 120});
    auto readings = readings_of(inputs);
    for (Reading& one : readings) one.time_ms = one.arrived_ms;
    ASSERT_EQ(run("Hopping(30s, 10s)", inputs, 0, ""), by_time(readings, 30 * kSecond, 10 * kSecond)) << seed;
    ASSERT_EQ(run("Session(2s, 10h)", inputs, 0, ""), by_session(readings, 2 * kSecond)) << seed;
  }
}

}  // namespace
}  // namespace headgate::routing
