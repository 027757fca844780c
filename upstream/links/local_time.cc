#include "upstream/links/local_time.h"

namespace headgate::upstream {
namespace {

constexpr int64_t kDayS = 86'400;
constexpr int64_t kWeekdayOfEpoch = 3;  // 1970-01-01 was a Thursday

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

LocalTime local_time(int64_t unix_ms, const UtcOffset& offset) {
  const int64_t unix_s = floor_div(unix_ms, 1000);
  const int64_t local_s = unix_s + offset(unix_s);
  const int64_t day = floor_div(local_s, kDayS);
  const int64_t weekday = day + kWeekdayOfEpoch;
  return {day, static_cast<uint32_t>((local_s - day * kDayS) / 60),
          static_cast<uint8_t>(weekday - floor_div(weekday, 7) * 7)};
}

Date date_of(int64_t day) {
  const int64_t shifted = day + 719'468;
  const int64_t era = floor_div(shifted, 146'097);
  const int64_t of_era = shifted - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * of_year + 2) / 153;
  const auto day_of_month = static_cast<uint8_t>(of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<uint8_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_month};
}

int64_t month_of(int64_t day, uint8_t first_day) {
  const Date date = date_of(day);
  return (date.year - 1970) * 12 + date.month - 1 - (date.day < first_day ? 1 : 0);
}

}  // namespace headgate::upstream
