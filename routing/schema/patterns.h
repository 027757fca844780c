// Patterns of schemas, on RE2: they take time in proportion to the text, whatever they are, and no stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"

namespace re2 {
class RE2;
}

namespace headgate::routing {

// A pattern that is larger once compiled is refused.
inline constexpr int kPatternParts = 2000;

// Immutable; any number of threads.
class Pattern {
 public:
  // Error (invalid): it is none, or one that RE2 does not know, such as a look-ahead.
  [[nodiscard]] static core::Result<Pattern> compile(std::string_view text);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Somewhere in `text`. Takes from `steps` what it may cost; if that is more than there is, nothing is looked for, and
  // `steps` is below zero.
  [[nodiscard]] bool found_in(std::string_view text, int64_t& steps) const;

 private:
  explicit Pattern(std::unique_ptr<const re2::RE2> compiled);

  std::unique_ptr<const re2::RE2> compiled_;
};

}  // namespace headgate::routing
