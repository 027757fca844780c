#include "tests/routing/oracle/random_case.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "tests/routing/compute/aggregates/random_source.h"

namespace headgate::routing {
namespace {

using testing::RandomSource;

// 2026, the epoch, 1900, and the year 5107: milliseconds from 10^14 on would be taken for microseconds.
constexpr int64_t kBegins[] = {1785585600000, 0, -2208988800000, 99000000000000};
constexpr int64_t kLatest = kHour / 2;
constexpr int64_t kEarliest = 4 * kMinute;

struct Condition {
  const char* route;
  const char* sql;
};
constexpr Condition kConditions[] = {
    {"", "1"},
    {"WHERE $body.v > 10", "number > 10"},
    {"WHERE NOT ($body.v > 10)", "NOT (number > 10)"},
    {"WHERE $body.v <= 30 AND $body.v >= -5", "number <= 30 AND number >= -5"},
    {"WHERE $body.v < 0 OR $body.k = 'a'", "number < 0 OR key = '\"a\"'"},
};
constexpr const char* kKeys[] = {"\"a\"", "\"b\"", "1", "\"1\"", "true", "null", "-2.5"};

int64_t up_to(RandomSource& random, int64_t most) {
  return static_cast<int64_t>(random.below(static_cast<uint64_t>(most) + 1));
}

Window random_window(RandomSource& random) {
  constexpr int64_t kLengths[] = {1, 250, kSecond, 7 * kSecond, kMinute, kHour};
  Window window;
  window.kind =
      std::array{Window::Kind::tumbling, Window::Kind::hopping, Window::Kind::session}[random.below(3)];
  const int64_t unit = kLengths[1 + random.below(std::size(kLengths) - 1)];
  const bool tumbling = window.kind == Window::Kind::tumbling;
  window.hop_ms = unit;
  window.size_ms = tumbling ? unit : unit * static_cast<int64_t>(2 + random.below(11));
  // A size that is no multiple of the hop: panes are a half, a quarter, … of a hop.
  if (!tumbling && random.chance(0.3)) {
    const int64_t part = unit % 4 == 0 ? unit / 4 : unit / 2;
    window.size_ms += part * static_cast<int64_t>(1 + random.below(3));
  }
  window.offset_ms = random.chance(0.5) ? up_to(random, unit - 1) : 0;
  if (window.kind == Window::Kind::session)
    window = {.kind = Window::Kind::session, .size_ms = 20 * 24 * kHour, .gap_ms = unit};
  return window;
}

std::string window_text(const Window& window) {
  const auto ms = [](int64_t length) { return std::to_string(length) + "ms"; };
  const std::string offset = window.offset_ms > 0 ? ", " + ms(window.offset_ms) : "";
  switch (window.kind) {
    case Window::Kind::tumbling:
      return "Tumbling(" + ms(window.size_ms) + offset + ")";
    case Window::Kind::hopping:
      return "Hopping(" + ms(window.size_ms) + ", " + ms(window.hop_ms) + offset + ")";
    default:
      return "Session(" + ms(window.gap_ms) + ", " + ms(window.size_ms) + ")";
  }
}

// Milliseconds; smaller numbers would be taken for seconds.
std::string time_text(int64_t time_ms) {
  const int64_t size = std::abs(time_ms);
  if (size > 200'000'000'000) return std::to_string(time_ms);
  return (time_ms < 0 ? "-" : "") + std::to_string(size / 1000) + "." +
         std::to_string(1000 + size % 1000).substr(1);
}

// The value as a member, or nothing.
std::string take_value(RandomSource& random, OracleRow& row) {
  if (random.chance(0.1)) return random.chance(0.5) ? "" : R"(,"v":null)";
  if (random.chance(0.05)) {
    row.text = std::string(1, static_cast<char>('p' + random.below(5)));
    return R"(,"v":")" + *row.text + "\"";
  }
  row.number = static_cast<double>(up_to(random, 400)) / 4 - 20;
  return R"(,"v":)" + std::to_string(*row.number);
}

}  // namespace

OracleCase::OracleCase(uint32_t seed) : window() {
  RandomSource random(seed);
  window = random_window(random);
  keyed = random.chance(0.8);
  const bool by_event_time = random.chance(0.75);
  const bool over = by_event_time && keyed && random.chance(0.5);
  const Condition& condition = kConditions[random.below(std::size(kConditions))];
  where_sql = condition.sql;
  route = std::string("SELECT ") + (keyed ? "$body.k AS k, " : "") +
          "count(*) AS n, count($body.v) AS c, sum($body.v) AS s, avg($body.v) AS a, min($body.v) AS lo, "
          "max($body.v) AS hi, first($body.v) AS f, last($body.v) AS l FROM /messages/* " +
          (by_event_time ? "TIMESTAMP BY $body.ts " : "") + (over ? "OVER $body.k " : "") + condition.route +
          " GROUP BY " + (keyed ? "$body.k, " : "") + window_text(window) + " INTO $upstream";

  const int64_t spread = by_event_time ? up_to(random, random.chance(0.5) ? kMinute : kLatest) : 0;
  const int64_t ahead = by_event_time && random.chance(0.3) ? kEarliest : 0;
  limits.keep_ms = 2 * kHour;
  limits.idle_ms = up_to(random, 2 * kMinute);
  // Sessions that were given do not join, so their messages are waited for.
  limits.tolerance_ms = window.kind == Window::Kind::session ? spread + ahead
                        : random.chance(0.3)                 ? 0
                                                             : up_to(random, kMinute);

  const int64_t step = random.chance(0.5) ? 500 : 20 * kSecond;
  const size_t keys = 1 + random.below(std::size(kKeys));
  int64_t now = kBegins[random.below(std::size(kBegins))] + up_to(random, kHour);
  for (size_t i = 0, count = 10 + random.below(110); i < count; ++i) {
    now += random.chance(0.2) ? 0 : up_to(random, random.chance(0.04) ? 100 * step : step);
    OracleRow row;
    row.time_ms = now - up_to(random, spread) + up_to(random, ahead);
    if (random.chance(0.2)) row.time_ms -= row.time_ms % (window.hop_ms + window.gap_ms);
    row.time_ms = by_event_time ? std::clamp(row.time_ms, now - spread, now + ahead) : now;
    const size_t key = random.below(keys + 1);
    row.key = key < keys ? kKeys[key] : "null";
    std::string body = "{\"ts\":" + time_text(row.time_ms) + (key < keys ? ",\"k\":" + row.key : "");
    body += take_value(random, row) + "}";
    inputs.push_back({now, std::move(body)});
    rows.push_back(std::move(row));
  }
}

}  // namespace headgate::routing
