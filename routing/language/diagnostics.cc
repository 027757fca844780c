#include "routing/language/diagnostics.h"

#include <algorithm>
#include <utility>

namespace headgate::routing {
namespace {

bool starts_character(char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

size_t line_start(std::string_view text, size_t offset) {
  const size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::string_view line_at(std::string_view text, size_t start) {
  std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Blanks as wide as `text`: tabs stay tabs, so that the caret stands under its character.
std::string indent_like(std::string_view text) {
  std::string blanks;
  for (const char c : text) {
    if (starts_character(c)) blanks.push_back(c == '\t' ? '\t' : ' ');
  }
  return blanks;
}

constexpr size_t kShownBytesMax = 200;
constexpr size_t kBeforeBytesMax = 100;

// A line, and the place in it that is meant.
struct Place {
  std::string line;
  size_t at = 0;
  size_t length = 0;
};

// Bytes of a character behind its first. More in a row is no UTF-8, and is cut anywhere.
constexpr size_t kRestBytesMax = 3;

// Cuts a line that no terminal shows whole to what is around the place.
Place cut_around(std::string_view line, size_t at, size_t length) {
  length = std::min(length, line.size() - at);
  if (line.size() <= kShownBytesMax) return {std::string(line), at, length};
  size_t from = at > kBeforeBytesMax ? at - kBeforeBytesMax : 0;
  for (size_t n = 0; n < kRestBytesMax && from > 0 && !starts_character(line[from]); ++n) --from;
  size_t to = std::min(from + kShownBytesMax, line.size());
  for (size_t n = 0; n < kRestBytesMax && to < line.size() && !starts_character(line[to]); ++n) --to;
  const std::string_view cut = "…";
  std::string shown(from > 0 ? cut : std::string_view());
  const size_t moved = shown.size();
  shown.append(line.substr(from, to - from)).append(to < line.size() ? cut : std::string_view());
  return {std::move(shown), at - from + moved, std::min(length, to - at)};
}

}  // namespace

void Diagnostics::error(size_t offset, size_t length, std::string message, std::string suggestion) {
  ++errors_;
  add(Severity::error, offset, length, std::move(message), std::move(suggestion));
}

void Diagnostics::warning(size_t offset, size_t length, std::string message, std::string suggestion) {
  add(Severity::warning, offset, length, std::move(message), std::move(suggestion));
}

void Diagnostics::add(Severity severity, size_t offset, size_t length, std::string message,
                      std::string suggestion) {
  offset = std::min(offset, text_.size());
  const std::string_view before = text_.substr(0, offset);
  const size_t start = line_start(text_, offset);
  found_.push_back({severity, static_cast<uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
                    static_cast<uint32_t>(1 + characters(before.substr(start))), offset, length,
                    std::move(message), std::move(suggestion)});
}

std::vector<Diagnostic> Diagnostics::take() {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.offset < b.offset; });
  errors_ = 0;
  return std::exchange(found_, {});
}

std::string render(const Diagnostic& d, std::string_view text) {
  const std::string_view severity = d.severity == Severity::error ? "error: " : "warning: ";
  std::string out;
  if (d.line > 0)
    out.append(std::to_string(d.line)).append(":").append(std::to_string(d.column)).append(": ");
  out.append(severity).append(d.message).append("\n");
  if (d.line > 0 && d.offset <= text.size()) {
    const size_t start = line_start(text, d.offset);
    const std::string_view line = line_at(text, start);
    const Place place = cut_around(line, std::min(d.offset - start, line.size()), d.length);
    const std::string_view shown = place.line;
    const size_t width = std::max<size_t>(1, characters(shown.substr(place.at, place.length)));
    out.append("  ").append(shown).append("\n  ").append(indent_like(shown.substr(0, place.at)));
    out.append(width, '^').append("\n");
  }
  if (!d.suggestion.empty()) out.append("  help: ").append(d.suggestion).append("\n");
  return out;
}

}  // namespace headgate::routing
