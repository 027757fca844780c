// Days and months as people of a place count them. Pure: the place is a function from Unix time to its distance from UTC.
#pragma once

#include <cstdint>
#include <functional>

namespace headgate::upstream {

// Seconds to add to UTC at a Unix time in seconds.
using UtcOffset = std::function<int64_t(int64_t unix_s)>;

// A moment in a place.
struct LocalTime {
  int64_t day = 0;      // days since 1970-01-01
  uint32_t minute = 0;  // of the day
  uint8_t weekday = 0;  // 0 is Monday
};
[[nodiscard]] LocalTime local_time(int64_t unix_ms, const UtcOffset& offset);

struct Date {
  int64_t year = 1970;
  uint8_t month = 1;
  uint8_t day = 1;
};
// Hinnant, "chrono-Compatible Low-Level Date Algorithms".
[[nodiscard]] Date date_of(int64_t day);

// Months since 1970-01 of which this day is one, if each begins with its `first_day`, 1 to 28.
[[nodiscard]] int64_t month_of(int64_t day, uint8_t first_day);

}  // namespace headgate::upstream
