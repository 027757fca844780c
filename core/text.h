// Text in ASCII, whatever the locale: letter case, and numbers that are a whole text. And text of strangers, made
// cut and made fit to be shown to people.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
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

// `text` as it may be shown on a terminal or written to a log. A client id or a topic can hold anything, so all
// that would drive the terminal, turn the line round or hide in it is escaped, code point by code point: control
// characters (of C1 too), line and paragraph separators, marks and overrides of direction, and every other
// character without a width. A line feed becomes \n, other ASCII \x1b, the rest \u{202e}, and a byte that is not
// UTF-8 \x9b.
enum class LineFeeds : uint8_t { escaped, kept };
[[nodiscard]] std::string printable(std::string_view text, LineFeeds feeds = LineFeeds::escaped);
// Whether that is `text` itself.
[[nodiscard]] bool is_printable(std::string_view text);

// `text` if it has no more than `characters_max` characters of UTF-8 (at least 4), else its two ends with "…"
// between: names of one beginning stay apart. A broken character counts for each four bytes at least, so that
// the result has at most 4 * `characters_max` bytes whatever came.
[[nodiscard]] std::string shortened(std::string_view text, size_t characters_max);

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
