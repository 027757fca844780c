#include "upstream/links/forecast.h"

#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;
const UtcOffset kUtc = [](int64_t) { return int64_t{0}; };

TEST(Forecast, OfARateIsItsTime) {
  LinkTerms terms;
  terms.rate_bytes_per_s = 1000;
  EXPECT_EQ(gone_at({.wire_bytes = 3'600'000}, terms, kUtc), kHourMs);
  EXPECT_EQ(gone_at({.wire_bytes = 3'600'000, .bytes_per_s = 500}, terms, kUtc), 2 * kHourMs)
      << "the slower one";
  EXPECT_EQ(gone_at({.wire_bytes = 0, .from_ms = 7}, terms, kUtc), 7);
}

TEST(Forecast, WaitsForTheBudgetOfTheNextDay) {
  LinkTerms terms;
  terms.rate_bytes_per_s = 1000;
  terms.day_bytes_max = 1'000'000;
  const auto gone =
      gone_at({.wire_bytes = 1'500'000, .day_bytes = 400'000, .from_ms = 12 * kHourMs}, terms, kUtc);
  EXPECT_EQ(gone, kDayMs + 900'000) << "600 kB today, 900 kB tomorrow at 1 kB/s";
}

TEST(Forecast, WaitsForTheMonth) {
  LinkTerms terms;
  terms.month_bytes_max = 1000;
  EXPECT_EQ(gone_at({.wire_bytes = 1500}, terms, kUtc), 31 * kDayMs + 60'000);
}

TEST(Forecast, WaitsForTheWindow) {
  LinkTerms terms;
  terms.rate_bytes_per_s = 1000;
  terms.open = {"02:00-03:00"};
  EXPECT_EQ(gone_at({.wire_bytes = 5'400'000}, terms, kUtc), kDayMs + 2 * kHourMs + kHourMs / 2);
}

TEST(Forecast, KnowsNoEndOfWhatTakesMoreThanAYear) {
  LinkTerms terms;
  terms.day_bytes_max = 1;
  EXPECT_EQ(gone_at({.wire_bytes = 1000}, terms, kUtc), std::nullopt);
}

}  // namespace
}  // namespace headgate::upstream
