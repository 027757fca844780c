#include "routing/language/parse/window_parser.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "core/text.h"
#include "routing/language/duration.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr int64_t kPanesMax = int64_t{3600} * 24;  // of a hopping window
constexpr uint32_t kMessagesMax = 1'000'000;       // of a counted one

// The arguments of a kind of window by their names in Stream Analytics; the last `optional` may be left out.
struct Form {
  Window::Kind kind;
  std::string_view name;
  std::array<std::string_view, 3> roles;
  size_t arguments;
  size_t optional;
  std::string_view signature;
};

constexpr std::array kForms = {
    Form{Window::Kind::tumbling, "Tumbling", {"Duration", "Offset"}, 2, 1, "Tumbling(size[, offset])"},
    Form{Window::Kind::hopping,
         "Hopping",
         {"Duration", "Hop", "Offset"},
         3,
         1,
         "Hopping(size, hop[, offset])"},
    Form{Window::Kind::session, "Session", {"Timeout", "MaxDuration"}, 2, 0, "Session(gap, longest)"},
    Form{Window::Kind::sliding, "Sliding", {"Duration"}, 1, 0, "Sliding(size)"},
    Form{Window::Kind::count, "Count", {}, 2, 1, "Count(messages[, hop])"},
};

constexpr std::string_view kExample = "write a number and a unit, such as 1m; units are ms, s, m, h, d";

const Form& form_of(Window::Kind kind) {
  return *std::find_if(kForms.begin(), kForms.end(), [&](const Form& f) { return f.kind == kind; });
}

// The names of windows, both spellings in turn.
std::string spelling(const Form& form, bool long_one) {
  return std::string(form.name).append(long_one ? "Window" : "");
}

std::string signature_hint(Window::Kind kind) { return "the window is " + quote(form_of(kind).signature); }

}  // namespace

std::optional<Window::Kind> window_kind(std::string_view name) {
  for (const Form& form : kForms) {
    for (const bool long_one : {false, true}) {
      if (core::equals_ignoring_case(name, spelling(form, long_one))) return form.kind;
    }
  }
  return std::nullopt;
}

std::string_view nearest_window(std::string_view name) {
  std::string lowered = core::ascii_lowered(name);
  if (lowered.ends_with("window")) lowered.resize(lowered.size() - 6);
  for (const Form& form : kForms) {
    if (edit_distance(lowered, core::ascii_lowered(form.name)) <= 2) return form.name;
  }
  return {};
}

std::optional<Window> WindowParser::parse() {
  const Token name = cursor_.take();
  const Window::Kind kind = *window_kind(cursor_.text(name));
  return kind == Window::Kind::count ? counted(name) : timed(name, kind);
}

// Windows of messages ------------------------------------------------------------------------------

std::optional<Window> WindowParser::counted(const Token& name) {
  const Token open = cursor_.take();
  if (!cursor_.at(Kind::integer)) {
    error(name, "`Count` in GROUP BY is a window of so many messages",
          "write Count(100); the aggregate count(…) stands in SELECT and HAVING");
    return std::nullopt;
  }
  Window window;
  window.kind = Window::Kind::count;
  const Token first = cursor_.peek();
  const auto size = messages();
  const auto hop = size && cursor_.accept(Kind::comma) ? messages() : size;
  if (!size || !hop) return std::nullopt;
  window.messages = *size;
  window.hop_messages = *hop;
  if (*hop > *size) {
    error_at({0, first, cursor_.previous()->end_offset()},
             "a window's hop is longer than the window: messages between two would be in none",
             "write Count(100, 10)");
    return std::nullopt;
  }
  if (cursor_.accept(Kind::close)) return window;
  if (cursor_.at(Kind::comma))
    error(cursor_.peek(), "the window has too many arguments", signature_hint(Window::Kind::count));
  else
    report_unclosed(cursor_, open, found_);
  return std::nullopt;
}

std::optional<uint32_t> WindowParser::messages() {
  const Token token = cursor_.peek();
  if (!cursor_.accept(Kind::integer)) {
    report_unexpected(cursor_, "a number of messages", found_);
    return std::nullopt;
  }
  const auto count = core::parse_whole<uint32_t>(cursor_.text(token));
  if (count && *count >= 1 && *count <= kMessagesMax) return count;
  error(token, "a window holds from 1 to " + std::to_string(kMessagesMax) + " messages");
  return std::nullopt;
}

// Windows of time ------------------------------------------------------------------------------------

std::optional<Window> WindowParser::timed(const Token& name, Window::Kind kind) {
  const Token open = cursor_.take();
  if (!spans(name, kind, open)) return std::nullopt;
  const auto ms = [&](size_t i) { return i < spans_.size() ? spans_[i].ms : 0; };
  Window window;
  window.kind = kind;
  window.size_ms = ms(0);
  if (kind == Window::Kind::tumbling) window.hop_ms = ms(0), window.offset_ms = ms(1);
  if (kind == Window::Kind::hopping) window.hop_ms = ms(1), window.offset_ms = ms(2);
  if (kind == Window::Kind::session) window.gap_ms = ms(0), window.size_ms = ms(1);
  if (!in_bounds(window)) return std::nullopt;
  if (kind == Window::Kind::hopping && window.hop_ms == window.size_ms) window.kind = Window::Kind::tumbling;
  if (window.offset_ms < 0) window.offset_ms += window.hop_ms;
  return window;
}

bool WindowParser::spans(const Token& name, Window::Kind kind, const Token& open) {
  const Form& form = form_of(kind);
  do {
    if (spans_.size() == form.arguments)
      return error(cursor_.peek(), "the window has too many arguments", signature_hint(kind));
    if (cursor_.at(Kind::close)) break;
    if (!span(form.roles[spans_.size()])) return false;
  } while (cursor_.accept(Kind::comma));
  if (!cursor_.at(Kind::close)) return report_unclosed(cursor_, open, found_), false;
  if (spans_.size() + form.optional < form.arguments)
    return error(name,
                 "the window needs " + std::to_string(form.arguments - form.optional) +
                     (form.arguments - form.optional == 1 ? " argument" : " arguments"),
                 signature_hint(kind));
  cursor_.take();
  return true;
}

bool WindowParser::span(std::string_view role) {
  const Token first = cursor_.peek();
  if (first.kind == Kind::name && cursor_.peek_second().kind == Kind::open) {
    cursor_.take();
    return wrapped(role, first);
  }
  return plain();
}

// Duration(minute, 5) or Duration(5m).
bool WindowParser::wrapped(std::string_view role, const Token& name) {
  if (!core::equals_ignoring_case(cursor_.text(name), role))
    return error(name,
                 "expected " + quote(std::string(role) + "(…)") + " here, found " + quote(cursor_.text(name)),
                 std::string(kExample));
  const Token open = cursor_.take();
  if (!plain()) return false;
  if (!cursor_.accept(Kind::close)) return report_unclosed(cursor_, open, found_), false;
  spans_.back() = {spans_.back().ms, name, cursor_.previous()->end_offset()};
  unit_.reset();
  return true;
}

// 1m, or a unit and a number, or a number of the unit before.
bool WindowParser::plain() {
  const Token first = cursor_.peek();
  const std::string_view text = cursor_.text(first);
  if (first.kind == Kind::integer && unit_) return in_units(first, *unit_);
  if (first.kind == Kind::integer) return without_unit(first);
  if (first.kind == Kind::end || first.kind == Kind::close)
    return report_unexpected(cursor_, "a duration such as 1m", found_), false;
  if (first.kind == Kind::name) {
    if (const auto ms = parse_duration(text)) {
      cursor_.take();
      unit_.reset();
      spans_.push_back({*ms, first, first.end_offset()});
      return true;
    }
    if (const auto unit = unit_ms(text); unit && cursor_.peek_second().kind == Kind::comma) {
      cursor_.take(), cursor_.take();
      unit_ = unit;
      return in_units(first, *unit);
    }
    if (core::equals_ignoring_case(text, "microsecond") || core::equals_ignoring_case(text, "mcs"))
      return error(first, "windows are not finer than a millisecond", std::string(kExample));
  }
  return error(first, quote(text) + " is no duration", std::string(kExample));
}

// `1 m`, or no unit at all.
bool WindowParser::without_unit(const Token& number) {
  const std::string text(cursor_.text(number));
  const std::string together = text + std::string(cursor_.text(cursor_.peek_second()));
  if (cursor_.peek_second().kind == Kind::name && parse_duration(together))
    return error(number, "a duration without a unit", "write " + quote(together) + " without a blank");
  return error(number, "a duration without a unit",
               "write " + quote(text + "s") + " or " + quote("second, " + text));
}

bool WindowParser::in_units(const Token& first, int64_t unit) {
  const Token token = cursor_.peek();
  if (!cursor_.accept(Kind::integer))
    return report_unexpected(cursor_, "a number of that unit", found_, "write minute, 5"), false;
  const auto count = core::parse_whole<int64_t>(cursor_.text(token)).value_or(kDurationMaxMs);
  spans_.push_back({times(count, unit), first, token.end_offset()});
  return true;
}

// Bounds ----------------------------------------------------------------------------------------

bool WindowParser::in_bounds(const Window& window) {
  const Form& form = form_of(window.kind);
  for (size_t i = 0; i < form.arguments - form.optional; ++i) {
    if (spans_[i].ms <= 0 || spans_[i].ms > kDurationMaxMs)
      return error_at(spans_[i], "a window is longer than 0 and at most " + print_duration(kDurationMaxMs));
  }
  if (window.kind == Window::Kind::session) return session_in_bounds(window);
  if (window.kind == Window::Kind::hopping && !hopping_in_bounds(window)) return false;
  if (spans_.size() == form.arguments && form.optional > 0 && std::abs(window.offset_ms) >= window.hop_ms)
    return error_at(spans_.back(),
                    "a window's offset is less than " +
                        std::string(window.kind == Window::Kind::hopping ? "its hop" : "its size"));
  return true;
}

bool WindowParser::hopping_in_bounds(const Window& window) {
  if (window.hop_ms > window.size_ms)
    return error_at(spans_[1],
                    "a window's hop is longer than the window: messages between two would be in none",
                    "write Hopping(1m, 10s), or filter messages in WHERE");
  const int64_t pane_ms = std::gcd(window.size_ms, window.hop_ms);
  if (window.size_ms / pane_ms <= kPanesMax) return true;
  const std::string most = std::to_string(kPanesMax);
  if (pane_ms == window.hop_ms)
    return error_at(spans_[1], "a window has at most " + most + " hops", "take a longer hop");
  return error_at(spans_[1],
                  "size and hop have no common length but " + print_duration(pane_ms) +
                      ", and a window has at most " + most + " panes of that length",
                  "take a hop of which the size is a multiple, or a longer common length");
}

bool WindowParser::session_in_bounds(const Window& window) {
  if (window.gap_ms <= window.size_ms) return true;
  return error_at(spans_[0], "a session's gap is longer than the session may be",
                  signature_hint(Window::Kind::session));
}

bool WindowParser::error_at(const Span& span, std::string message, std::string suggestion) {
  found_.error(span.first.offset, span.end - span.first.offset, std::move(message), std::move(suggestion));
  return false;
}

bool WindowParser::error(const Token& token, std::string message, std::string suggestion) {
  found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
  return false;
}

}  // namespace headgate::routing
