// Characters that look like others, or like nothing: what word processors, chat programs and web pages make of
// quotes, blanks and signs. Whoever reads text that people pasted names them by their code point.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::routing {

struct OddCharacter {
  char32_t code_point = 0;
  size_t bytes = 0;        // of its UTF-8
  std::string_view name;   // Unicode's
  std::string_view meant;  // what it is taken for; empty: it cannot be seen, or is a blank
  bool invisible = false;  // a blank, or nothing

  // "U+201C LEFT DOUBLE QUOTATION MARK"
  [[nodiscard]] std::string text() const;
  // "write `\"`", or what to do with what cannot be seen.
  [[nodiscard]] std::string advice() const;
};

// The odd character that begins at that byte; nullopt if there is none.
[[nodiscard]] std::optional<OddCharacter> odd_character_at(std::string_view text, size_t at) noexcept;

// The first of them; `at` becomes its byte.
[[nodiscard]] std::optional<OddCharacter> find_odd_character(std::string_view text, size_t& at) noexcept;

}  // namespace headgate::routing
