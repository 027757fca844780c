#include "upstream/payload/columns/numerals.h"

#include <array>
#include <cstddef>

namespace headgate::upstream::columns {
namespace {

constexpr size_t kDigitsMax = 18;  // always within 64 bits
constexpr size_t kTimeDecimalsMax = 9;
constexpr size_t kSecondBytes = 19;  // of "2026-08-17T20:50:00"
constexpr size_t kZoneBytesMax = 8;  // "Z", "+02:00"
constexpr int kYearMin = 1970, kYearMax = 2199;

constexpr std::array<int64_t, kDigitsMax + 1> kPowers = [] {
  std::array<int64_t, kDigitsMax + 1> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t digits_at_front(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

// REQUIRES: digits, at most 18.
int64_t number_of(std::string_view digits) {
  int64_t number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

int days_of_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

// Days from 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
int64_t days_before(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return int64_t{era} * 146097 + day_of_era - 719468;
}

// Seconds since 1970 of "2026-08-17T20:50:00", whatever stands between date and time.
std::optional<int64_t> seconds_of(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd dd:dd:dd";
  for (size_t i = 0; i < kSecondBytes; ++i) {
    if (i != 10 && (kForm[i] == 'd' ? !is_digit(text[i]) : text[i] != kForm[i])) return std::nullopt;
  }
  const auto field = [&](size_t at, size_t bytes) {
    return static_cast<int>(number_of(text.substr(at, bytes)));
  };
  const int year = field(0, 4), month = field(5, 2), day = field(8, 2);
  const int hour = field(11, 2), minute = field(14, 2), second = field(17, 2);
  if (year < kYearMin || year > kYearMax || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

// Letters, digits, signs and colons: they need no escape in JSON.
bool is_zone(std::string_view text) {
  constexpr std::string_view kMay = "0123456789+-:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return text.size() <= kZoneBytesMax && text.find_first_not_of(kMay) == std::string_view::npos;
}

}  // namespace

std::optional<Decimal> decimal_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t whole = digits_at_front(text);
  if (whole == 0 || whole > kDigitsMax || (text[0] == '0' && whole > 1)) return std::nullopt;
  int64_t digits = number_of(text.substr(0, whole));
  size_t decimals = 0;
  if (whole < text.size()) {
    const std::string_view fraction = text.substr(whole + 1);
    decimals = fraction.size();
    if (text[whole] != '.' || decimals == 0 || whole + decimals > kDigitsMax ||
        digits_at_front(fraction) != decimals)
      return std::nullopt;
    digits = digits * kPowers[decimals] + number_of(fraction);
  }
  if (negative && digits == 0) return std::nullopt;
  return Decimal{negative ? -digits : digits, static_cast<uint8_t>(decimals)};
}

std::optional<int64_t> scaled(Decimal decimal, uint8_t decimals) {
  int64_t value = 0;
  if (__builtin_mul_overflow(decimal.digits, kPowers[decimals - decimal.decimals], &value))
    return std::nullopt;
  return value;
}

uint8_t written_decimals(int64_t value, uint8_t decimals, uint8_t decimals_min) {
  for (; decimals > decimals_min && value % 10 == 0; value /= 10) --decimals;
  return decimals;
}

std::optional<Time> time_of(std::string_view text) {
  if (text.size() < kSecondBytes) return std::nullopt;
  const char between = text[10];
  const auto seconds = seconds_of(text);
  if (!seconds || (between != 'T' && between != 't' && between != ' ')) return std::nullopt;
  text.remove_prefix(kSecondBytes);
  Time time{*seconds, 0, between, text};
  if (!text.starts_with('.')) return is_zone(text) ? std::optional(time) : std::nullopt;
  const size_t decimals = digits_at_front(text.substr(1));
  if (decimals == 0 || decimals > kTimeDecimalsMax) return std::nullopt;
  time.count = time.count * kPowers[decimals] + number_of(text.substr(1, decimals));
  time.decimals = static_cast<uint8_t>(decimals);
  time.zone = text.substr(1 + decimals);
  return is_zone(time.zone) ? std::optional(time) : std::nullopt;
}

}  // namespace headgate::upstream::columns
