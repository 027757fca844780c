#include "routing/compute/event_time.h"

#include <gtest/gtest.h>

#include <string_view>

namespace headgate::routing {
namespace {

constexpr int64_t kNoon = 1785585600000;  // 2026-08-01T12:00:00Z

Value text(std::string_view value) { return Value::of(value); }

TEST(EventTime, ReadsIso8601InItsUsualForms) {
  for (const std::string_view text :
       {"2026-08-01T12:00:00Z", "2026-08-01t12:00:00.000z", "2026-08-01 12:00:00", "2026-08-01T12:00",
        "2026-08-01T14:00:00+02:00", "2026-08-01T07:30:00-0430", "2026-08-01T13:00:00,0+01",
        "2026-08-01T12:00:00.0000009999Z"})
    EXPECT_EQ(parse_iso8601_ms(text), kNoon) << text;
  EXPECT_EQ(parse_iso8601_ms("2026-08-01"), kNoon - 12 * 3'600'000);
  EXPECT_EQ(parse_iso8601_ms("2026-08-01T12:00:00.1239"), kNoon + 123);
  EXPECT_EQ(parse_iso8601_ms("2026-07-31T24:00:00"), kNoon - 12 * 3'600'000);
  EXPECT_EQ(parse_iso8601_ms("1969-12-31T23:59:59.999Z"), -1);
}

TEST(EventTime, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "noon", "2026-08-01T", "2026-08-01T12", "2026-13-01T12:00:00", "2026-02-29T12:00:00",
        "2026-08-01T25:00:00", "2026-08-01T12:60:00", "2026-08-01T12:00:61", "2026-08-01T12:00:00.",
        "2026-08-01T12:00:00 Z", "2026-08-01T12:00:00+", "2026-08-01T12:00:00+24:00",
        "2026-08-01T12:00:00+02:", "2026-8-1T12:00:00", "2026-08-01T24:00:01", "2026-08-01T12:00:00Zz"})
    EXPECT_EQ(parse_iso8601_ms(text), std::nullopt) << text;
}

TEST(EventTime, TakesNumbersByTheirSize) {
  EXPECT_EQ(timestamp_ms(1785585600.0), kNoon);
  EXPECT_EQ(timestamp_ms(1785585600.001), kNoon + 1);
  EXPECT_EQ(timestamp_ms(1785585600000.0), kNoon);
  EXPECT_EQ(timestamp_ms(1785585600000000.0), kNoon);
  EXPECT_EQ(timestamp_ms(1785585600000000000.0), kNoon);
  EXPECT_EQ(timestamp_ms(-1.0), -1000);
  EXPECT_EQ(timestamp_ms(99'999'999'999.0), 99'999'999'999'000);
  EXPECT_EQ(timestamp_ms(1e11), 100'000'000'000);
}

TEST(EventTime, TakesTextsOfDigitsForNumbers) {
  EXPECT_EQ(timestamp_ms(text("1785585600")), kNoon);
  EXPECT_EQ(timestamp_ms(text("1785585600 ")), std::nullopt);
}

TEST(EventTime, HasNoTimeForOtherValues) {
  for (const Value& value : {Value::undefined(), Value::missing(), Value::null(), Value::of(true),
                             text("inf"), Value::of(1e300), Value::of(-1e19)})
    EXPECT_EQ(timestamp_ms(value), std::nullopt);
}

}  // namespace
}  // namespace headgate::routing
