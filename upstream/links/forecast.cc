#include "upstream/links/forecast.h"

#include <algorithm>
#include <limits>

namespace headgate::upstream {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kMinutesMax = 366LL * 1440;

uint64_t left_of(uint64_t bytes_max, uint64_t used) {
  if (bytes_max == 0) return std::numeric_limits<uint64_t>::max();
  return bytes_max - std::min(bytes_max, used);
}

uint64_t slower(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

// Bytes that have passed in the periods that the minute is in.
class Periods {
 public:
  Periods(const ForecastInput& input, const LinkTerms& terms)
      : terms_(terms), day_(input.day_bytes), month_(input.month_bytes) {}

  void go_to(int64_t day) {
    if (known_ && day != at_) {
      day_ = 0;
      if (month_of(day, terms_.month_first_day) != month_of(at_, terms_.month_first_day)) month_ = 0;
    }
    known_ = true;
    at_ = day;
  }
  [[nodiscard]] uint64_t left() const {
    return std::min(left_of(terms_.day_bytes_max, day_), left_of(terms_.month_bytes_max, month_));
  }
  void pass(uint64_t bytes) {
    day_ += bytes;
    month_ += bytes;
  }

 private:
  const LinkTerms& terms_;
  uint64_t day_;
  uint64_t month_;
  bool known_ = false;
  int64_t at_ = 0;
};

}  // namespace

std::optional<int64_t> gone_at(const ForecastInput& input, const LinkTerms& terms, const UtcOffset& offset) {
  const Schedule schedule(terms.open);
  const uint64_t bytes_per_s = slower(terms.rate_bytes_per_s, input.bytes_per_s);
  const uint64_t a_minute = bytes_per_s == 0 ? std::numeric_limits<uint64_t>::max() : bytes_per_s * 60;
  Periods periods(input, terms);
  uint64_t left = input.wire_bytes;
  for (int64_t minute = 0; minute < kMinutesMax; ++minute) {
    const int64_t at_ms = input.from_ms + minute * kMinuteMs;
    if (left == 0) return at_ms;
    const LocalTime at = local_time(at_ms, offset);
    periods.go_to(at.day);
    if (!schedule.is_open(at)) continue;
    const uint64_t passes = std::min({left, a_minute, periods.left()});
    periods.pass(passes);
    left -= passes;
    if (left == 0 && bytes_per_s != 0) return at_ms + static_cast<int64_t>(passes * 1000 / bytes_per_s);
  }
  return std::nullopt;
}

}  // namespace headgate::upstream
