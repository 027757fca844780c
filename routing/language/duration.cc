#include "routing/language/duration.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace headgate::routing {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};

// Largest first.
constexpr std::array kSuffixes = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                  Unit{"s", 1000}, Unit{"ms", 1}};

constexpr std::array kUnits = {Unit{"day", 86'400'000},
                               Unit{"dd", 86'400'000},
                               Unit{"d", 86'400'000},
                               Unit{"hour", 3'600'000},
                               Unit{"hh", 3'600'000},
                               Unit{"minute", 60'000},
                               Unit{"mi", 60'000},
                               Unit{"n", 60'000},
                               Unit{"second", 1000},
                               Unit{"ss", 1000},
                               Unit{"s", 1000},
                               Unit{"millisecond", 1},
                               Unit{"ms", 1}};

}  // namespace

int64_t times(int64_t count, int64_t unit_ms) {
  const int64_t most = 2 * kDurationMaxMs / unit_ms;
  return std::clamp(count, -most, most) * unit_ms;
}

std::optional<int64_t> parse_duration(std::string_view text) {
  const size_t unit_at = std::min(text.find_first_not_of("-0123456789"), text.size());
  const std::string_view unit = text.substr(unit_at);
  const auto* const known =
      std::find_if(kSuffixes.begin(), kSuffixes.end(), [&](const Unit& u) { return u.name == unit; });
  if (known == kSuffixes.end()) return std::nullopt;
  const std::string_view digits = text.substr(0, unit_at).substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.find('-') != std::string_view::npos) return std::nullopt;
  const int64_t count = core::parse_whole<int64_t>(digits).value_or(kDurationMaxMs);
  return times(text.starts_with('-') ? -count : count, known->ms);
}

std::optional<int64_t> unit_ms(std::string_view word) {
  for (const Unit& unit : kUnits) {
    if (core::equals_ignoring_case(unit.name, word)) return unit.ms;
  }
  return std::nullopt;
}

std::string print_duration(int64_t ms) {
  for (const Unit& unit : kSuffixes) {
    if (ms % unit.ms == 0) return std::to_string(ms / unit.ms).append(unit.name);
  }
  return {};
}

}  // namespace headgate::routing
