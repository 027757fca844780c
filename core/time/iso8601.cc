#include "core/time/iso8601.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>

namespace headgate::core {
namespace {

// Takes parts of a text off its front.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool at(std::string_view any) const {
    return !rest_.empty() && any.find(rest_.front()) != std::string_view::npos;
  }
  bool skip(std::string_view any) {
    if (!at(any)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> take_date(TimeText& text) {
  const auto year = text.digits(4);
  if (!year || !text.skip("-")) return std::nullopt;
  const auto month = text.digits(2);
  if (!month || !text.skip("-")) return std::nullopt;
  const auto day = text.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// Milliseconds of a fraction of a second; digits beyond the third are cut off.
std::optional<int64_t> take_fraction_ms(TimeText& text) {
  if (!text.skip(".,")) return 0;
  int64_t ms = 0;
  int64_t place = 100;
  auto digit = text.digits(1);
  if (!digit) return std::nullopt;
  for (; digit; digit = text.digits(1), place /= 10) ms += *digit * place;
  return ms;
}

// hh:mm, with seconds and their fraction unless they are left out.
std::optional<int64_t> take_clock_ms(TimeText& text) {
  const auto hour = text.digits(2);
  if (!hour || !text.skip(":")) return std::nullopt;
  const auto minute = text.digits(2);
  if (!minute || *hour > 24 || *minute > 59) return std::nullopt;
  int64_t ms = (*hour * int64_t{60} + *minute) * 60'000;
  if (text.skip(":")) {
    const auto second = text.digits(2);
    const auto fraction = second ? take_fraction_ms(text) : std::nullopt;
    if (!fraction || *second > 60) return std::nullopt;
    ms += *second * int64_t{1000} + *fraction;
  }
  if (*hour == 24 && ms != int64_t{24} * 3'600'000) return std::nullopt;
  return ms;
}

// Milliseconds that the zone is ahead of UTC.
std::optional<int64_t> take_zone_ms(TimeText& text) {
  if (text.empty() || text.skip("Zz")) return 0;
  const bool behind = text.at("-");
  if (!text.skip("+-")) return std::nullopt;
  const auto hours = text.digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  int minutes = 0;
  const bool colon = text.skip(":");
  if (colon || !text.empty()) {
    const auto given = text.digits(2);
    if (!given || *given > 59) return std::nullopt;
    minutes = *given;
  }
  const int64_t ms = (*hours * int64_t{60} + minutes) * 60'000;
  return behind ? -ms : ms;
}

}  // namespace

std::optional<int64_t> parse_iso8601_ms(std::string_view given) {
  TimeText text(given);
  const auto day = take_date(text);
  if (!day) return std::nullopt;
  const int64_t midnight = std::chrono::milliseconds(day->time_since_epoch()).count();
  if (text.empty()) return midnight;
  if (!text.skip("Tt ")) return std::nullopt;
  const auto clock = take_clock_ms(text);
  if (!clock) return std::nullopt;
  const auto zone = take_zone_ms(text);
  if (!zone || !text.empty()) return std::nullopt;
  return midnight + *clock - *zone;
}

std::string iso8601_text(int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(unix_ms)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[40];
  const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                                 unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                                 int(clock.minutes().count()), int(clock.seconds().count()),
                                 int(clock.subseconds().count()));
  return {text, static_cast<size_t>(std::clamp(size, 0, int(sizeof text) - 1))};
}

}  // namespace headgate::core
