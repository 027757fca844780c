// Text in ASCII, whatever the locale: letter case, and numbers that are a whole text.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace headgate::core {

[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] std::string ascii_lowered(std::string_view text);

// Other characters than ASCII letters are equal to themselves only.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

// "0012" → 12. nullopt unless all of `text` is digits (a minus before them where T is signed) and T holds the
// value.
template <class T>
[[nodiscard]] std::optional<T> parse_whole(std::string_view text, int base = 10) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace headgate::core
