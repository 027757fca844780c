// Texts that are numbers in a form from which the text can be made again: decimals, and times of ISO 8601. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headgate::upstream::columns {

// A number without exponent, of at most 18 digits, as JSON writes it; "-0" is none, for its sign would be lost.
struct Decimal {
  int64_t digits = 0;    // the number without its point
  uint8_t decimals = 0;  // digits behind the point
};

[[nodiscard]] std::optional<Decimal> decimal_of(std::string_view text);

// `decimal` as an integer with `decimals` digits behind the point; none if that is too large. REQUIRES: it has no more.
[[nodiscard]] std::optional<int64_t> scaled(Decimal decimal, uint8_t decimals);

// How many digits behind the point are written of a number that is `value` with `decimals` of them, if zeros at the end
// are left out until `decimals_min` are left.
[[nodiscard]] uint8_t written_decimals(int64_t value, uint8_t decimals, uint8_t decimals_min);

// A date and time, "2026-08-17T20:50:00.250Z", of the years 1970 to 2199.
struct Time {
  int64_t count = 0;      // since 1970, in units of 10^-decimals seconds
  uint8_t decimals = 0;   // digits of a second
  char between = 'T';     // date and time: 'T', 't' or a space
  std::string_view zone;  // all behind the seconds; a part of the text
};

[[nodiscard]] std::optional<Time> time_of(std::string_view text);

}  // namespace headgate::upstream::columns
