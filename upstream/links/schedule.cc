#include "upstream/links/schedule.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace headgate::upstream {
namespace {

constexpr uint32_t kDayMin = 1440;
constexpr uint32_t kWeekMin = 7 * kDayMin;
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::optional<size_t> parse_day(std::string_view text) {
  const auto found = std::ranges::find(kDays, core::ascii_lowered(text));
  if (found == kDays.end()) return std::nullopt;
  return static_cast<size_t>(found - kDays.begin());
}

// "mon" or "fri-mon".
std::optional<uint8_t> parse_span_of_days(std::string_view text) {
  const size_t dash = text.find('-');
  const auto from = parse_day(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? from : parse_day(text.substr(dash + 1));
  if (!from || !to) return std::nullopt;
  unsigned days = 0;
  for (size_t day = *from;; day = (day + 1) % kDays.size()) {
    days |= 1U << day;
    if (day == *to) return static_cast<uint8_t>(days);
  }
}

std::optional<uint8_t> parse_days(std::string_view text) {
  unsigned days = 0;
  for (;;) {
    const size_t comma = text.find(',');
    const auto some = parse_span_of_days(text.substr(0, comma));
    if (!some) return std::nullopt;
    days |= *some;
    if (comma == std::string_view::npos) return static_cast<uint8_t>(days);
    text.remove_prefix(comma + 1);
  }
}

// "02:00"; "24:00" is the end of the day.
std::optional<uint32_t> parse_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = core::parse_whole<uint32_t>(text.substr(0, 2));
  const auto minutes = core::parse_whole<uint32_t>(text.substr(3));
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  const uint32_t minute = *hours * 60 + *minutes;
  return minute <= kDayMin ? std::optional(minute) : std::nullopt;
}

}  // namespace

std::optional<OpenWindow> parse_window(std::string_view text) {
  OpenWindow window;
  if (const size_t blank = text.find(' '); blank != std::string_view::npos) {
    const auto days = parse_days(text.substr(0, blank));
    if (!days) return std::nullopt;
    window.days = *days;
    text.remove_prefix(blank + 1);
  }
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = parse_time(text.substr(0, dash));
  const auto to = parse_time(text.substr(dash + 1));
  if (!from || !to || *from == kDayMin) return std::nullopt;
  window.from_min = *from;
  window.to_min = *to;
  return window;
}

Schedule::Schedule(const std::vector<std::string>& windows) {
  for (const std::string& text : windows)
    if (const auto window = parse_window(text)) windows_.push_back(*window);
}

bool Schedule::is_open(uint32_t minute_of_week) const {
  if (windows_.empty()) return true;
  return std::ranges::any_of(windows_, [&](const OpenWindow& window) {
    const uint32_t lasts = window.to_min > window.from_min ? window.to_min - window.from_min
                                                           : window.to_min + kDayMin - window.from_min;
    for (uint32_t day = 0; day < 7; ++day) {
      const uint32_t begins = day * kDayMin + window.from_min;
      const bool is_its_day = (window.days >> day & 1U) != 0;
      if (is_its_day && (minute_of_week + kWeekMin - begins) % kWeekMin < lasts) return true;
    }
    return false;
  });
}

bool Schedule::is_open(const LocalTime& at) const { return is_open(at.weekday * kDayMin + at.minute); }

uint32_t Schedule::opens_in_min(const LocalTime& at) const {
  const uint32_t now = at.weekday * kDayMin + at.minute;
  uint32_t in = 0;
  while (in < kWeekMin && !is_open((now + in) % kWeekMin)) ++in;
  return in;
}

}  // namespace headgate::upstream
