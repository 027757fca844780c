#include "routing/compute/event_time.h"

#include <charconv>
#include <cmath>

namespace headgate::routing {
namespace {

constexpr double kSecondsBelow = 1e11;
constexpr double kMillisecondsBelow = 1e14;
constexpr double kMicrosecondsBelow = 1e17;
constexpr double kTooLarge = 9.2e18;  // nanoseconds that fit 64 bits

}  // namespace

std::optional<int64_t> timestamp_ms(double number) {
  const double size = std::abs(number);
  if (!(size < kTooLarge)) return std::nullopt;
  double ms = number;
  if (size < kSecondsBelow) {
    ms = number * 1000;
    // 1.001 s times 1000 is less than 1001 by rounding only.
    const double nearest = std::round(ms);
    if (std::abs(ms - nearest) < 1e-3) ms = nearest;
  } else if (size >= kMicrosecondsBelow) {
    ms = number / 1e6;
  } else if (size >= kMillisecondsBelow) {
    ms = number / 1e3;
  }
  return static_cast<int64_t>(std::floor(ms));
}

std::optional<int64_t> timestamp_ms(const Value& value) {
  if (value.is(Value::Kind::number)) return timestamp_ms(value.number);
  if (!value.is(Value::Kind::string)) return std::nullopt;
  if (const auto time = parse_iso8601_ms(value.text)) return time;
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return timestamp_ms(number);
}

}  // namespace headgate::routing
