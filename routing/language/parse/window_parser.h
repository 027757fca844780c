// The part of the parser that reads windows, in the short spelling and in Stream Analytics': Hopping(1m, 10s),
// HoppingWindow(minute, 1, second, 10), HoppingWindow(Duration(minute, 1), Hop(second, 10)).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/parse/token_cursor.h"
#include "routing/language/query.h"

namespace headgate::routing {

// The kind of a window by its name, in any case; nullopt for another name.
[[nodiscard]] std::optional<Window::Kind> window_kind(std::string_view name);

// The window's name that somebody may have meant; empty if none is near.
[[nodiscard]] std::string_view nearest_window(std::string_view name);

class WindowParser {
 public:
  WindowParser(TokenCursor& cursor, Diagnostics& found) : cursor_(cursor), found_(found) {}

  // Reads `Name(…)`, where the cursor stands, with the name of a window. Nullopt after a mistake, which has been
  // reported.
  [[nodiscard]] std::optional<Window> parse();

 private:
  // An argument, and where it stands.
  struct Span {
    int64_t ms = 0;
    Token first;
    size_t end = 0;
  };

  std::optional<Window> counted(const Token& name);
  std::optional<Window> timed(const Token& name, Window::Kind kind);
  bool spans(const Token& name, Window::Kind kind, const Token& open);
  bool span(std::string_view role);
  bool wrapped(std::string_view role, const Token& name);
  bool plain();
  bool without_unit(const Token& number);
  bool in_units(const Token& first, int64_t unit);
  std::optional<uint32_t> messages();

  bool in_bounds(const Window& window);
  bool hopping_in_bounds(const Window& window);
  bool session_in_bounds(const Window& window);
  bool error_at(const Span& span, std::string message, std::string suggestion = {});
  bool error(const Token& token, std::string message, std::string suggestion = {});

  TokenCursor& cursor_;
  Diagnostics& found_;
  std::vector<Span> spans_;
  std::optional<int64_t> unit_;  // of the argument before: `minute, 10, 5`
};

}  // namespace headgate::routing
