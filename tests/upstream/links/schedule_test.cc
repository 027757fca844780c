#include "upstream/links/schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::upstream {
namespace {

enum Weekday : uint8_t { mon, tue, wed, thu, fri, sat, sun };

LocalTime at(Weekday day, uint32_t hour, uint32_t minute = 0) {
  return {.day = 0, .minute = hour * 60 + minute, .weekday = day};
}

TEST(Windows, AreReadInEveryForm) {
  EXPECT_EQ(parse_window("02:00-05:00"), (OpenWindow{0x7F, 120, 300}));
  EXPECT_EQ(parse_window("mon-fri 20:00-06:00"), (OpenWindow{0x1F, 1200, 360}));
  EXPECT_EQ(parse_window("sat,SUN 00:00-24:00"), (OpenWindow{0x60, 0, 1440}));
  EXPECT_EQ(parse_window("fri-mon,wed 01:30-01:45"), (OpenWindow{0x75, 90, 105}));
}

TEST(Windows, ThatAreNoneAreRefused) {
  for (const char* text :
       {"", "02:00", "2:00-5:00", "02:00-25:00", "02:60-03:00", "24:00-01:00", "mon 02:00-",
        "monday 02:00-03:00", "mon- 02:00-03:00", "02:00-03:00 mon", "mon  02:00-03:00", "-", "a-b"})
    EXPECT_FALSE(parse_window(text)) << text;
}

TEST(Schedule, WithoutWindowsIsAlwaysOpen) { EXPECT_TRUE(Schedule().is_open(at(wed, 12))); }

TEST(Schedule, IsOpenFromTheFirstMinuteToBeforeTheLast) {
  const Schedule night({"02:00-05:00"});
  EXPECT_FALSE(night.is_open(at(mon, 1, 59)));
  EXPECT_TRUE(night.is_open(at(mon, 2)));
  EXPECT_TRUE(night.is_open(at(sun, 4, 59)));
  EXPECT_FALSE(night.is_open(at(mon, 5)));
}

TEST(Schedule, GoesOnIntoTheNextDayAndWeek) {
  const Schedule weekend({"sun 22:00-04:00"});
  EXPECT_TRUE(weekend.is_open(at(sun, 23)));
  EXPECT_TRUE(weekend.is_open(at(mon, 3, 59)));
  EXPECT_FALSE(weekend.is_open(at(mon, 4)));
  EXPECT_FALSE(weekend.is_open(at(sat, 23)));
  EXPECT_TRUE(Schedule({"tue 06:00-06:00"}).is_open(at(wed, 5, 59))) << "a whole day";
}

TEST(Schedule, SaysWhenItOpens) {
  const Schedule night({"mon 02:00-05:00", "thu 10:00-11:00"});
  EXPECT_EQ(night.opens_in_min(at(mon, 3)), 0U);
  EXPECT_EQ(night.opens_in_min(at(mon, 5)), 3 * 1440U + 5 * 60U);
  EXPECT_EQ(night.opens_in_min(at(thu, 11)), 3 * 1440U + 15 * 60U);
}

TEST(LocalTime, CountsDaysOfThePlace) {
  const UtcOffset east = [](int64_t) { return int64_t{2 * 3600}; };
  const LocalTime before = local_time(86'400'000LL - 7'200'001, east);
  EXPECT_EQ(before.day, 0);
  EXPECT_EQ(before.minute, 1439U);
  EXPECT_EQ(before.weekday, thu);
  const LocalTime after = local_time(86'400'000LL - 7'200'000, east);
  EXPECT_EQ(after.day, 1);
  EXPECT_EQ(after.minute, 0U);
  EXPECT_EQ(after.weekday, fri);
  const UtcOffset west = [](int64_t) { return int64_t{-5 * 3600}; };
  EXPECT_EQ(local_time(0, west).day, -1);
  EXPECT_EQ(local_time(0, west).weekday, wed);
}

TEST(LocalTime, KnowsTheDateOfADay) {
  const auto expect = [](int64_t day, int64_t year, int month, int of_month) {
    const Date date = date_of(day);
    EXPECT_EQ(date.year, year) << day;
    EXPECT_EQ(date.month, month) << day;
    EXPECT_EQ(date.day, of_month) << day;
  };
  expect(0, 1970, 1, 1);
  expect(-1, 1969, 12, 31);
  expect(11'016, 2000, 2, 29);
  expect(11'017, 2000, 3, 1);
  expect(20'786, 2026, 11, 29);
}

TEST(LocalTime, BeginsTheMonthOnItsFirstDay) {
  EXPECT_EQ(month_of(0, 1), 0);
  EXPECT_EQ(month_of(0, 15), -1);
  EXPECT_EQ(month_of(14, 15), 0);
  EXPECT_EQ(month_of(45, 15), 1);
}

}  // namespace
}  // namespace headgate::upstream
