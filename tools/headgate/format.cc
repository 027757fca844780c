#include "tools/headgate/format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>

#include "core/text.h"

namespace headgate::tools {
namespace {

// Characters of UTF-8: every byte but continuation bytes begins one.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, args...);
  return text.data();
}

void print_cell(std::string& line, std::string_view cell, const Column& column, size_t column_width,
                bool last) {
  const std::string padding(column_width - std::min(column_width, width(cell)), ' ');
  if (column.align == Align::right) line += padding;
  line += cell;
  if (last) return;
  if (column.align == Align::left) line += padding;
  line += "  ";
}

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kPlain = "\x1b[0m";

size_t total_width(const std::vector<size_t>& widths) {
  size_t sum = 0;
  for (const size_t each : widths) sum += each + 2;
  return sum < 2 ? 0 : sum - 2;
}

std::string upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

// Number that a cell says: "12", "1.5 KiB", "90% reject"; nullopt for other texts.
std::optional<double> number_in(std::string_view cell) {
  double number = 0;
  const auto [rest, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(rest, static_cast<size_t>(cell.data() + cell.size() - rest));
  static constexpr std::array<std::string_view, 6> kUnits = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  for (const std::string_view each : kUnits) {
    if (unit == each) return number;
    number *= 1024;
  }
  return unit.empty() || unit.starts_with('%')
             ? std::optional(std::strtod(std::string(cell).c_str(), nullptr))
             : std::nullopt;
}

// Cells without a value come first.
bool comes_before(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return a == "-" && b != "-";
  const auto number_a = number_in(a);
  const auto number_b = number_in(b);
  if (number_a && number_b) return *number_a < *number_b;
  return a < b;
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = core::shortened(printable(cell), kCellCharactersMax);
  rows_.push_back(std::move(row));
}

core::Status Table::sort(std::string_view by) {
  const size_t colon = by.rfind(':');
  const std::string_view order = colon == std::string_view::npos ? "asc" : by.substr(colon + 1);
  const std::string title = upper(by.substr(0, colon));
  const auto column =
      std::ranges::find_if(columns_, [&](const Column& each) { return upper(each.title) == title; });
  if (column == columns_.end() || (order != "asc" && order != "desc")) {
    std::string allowed;
    for (const Column& each : columns_) allowed.append(allowed.empty() ? "" : ", ").append(each.title);
    return core::fail(core::Errc::invalid,
                      "--sort is \"" + std::string(by) + "\"; allowed, with :desc or without: " + allowed);
  }
  const auto place = static_cast<size_t>(column - columns_.begin());
  const bool falling = order == "desc";
  std::ranges::stable_sort(rows_, [place, falling](const auto& a, const auto& b) {
    return falling ? comes_before(b[place], a[place]) : comes_before(a[place], b[place]);
  });
  return {};
}

std::vector<size_t> Table::widths_of(const Lines& lines) const {
  std::vector<size_t> widths(columns_.size());
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  }
  return widths;
}

// Cuts the longest texts, as far as they may be; what is still too wide loses its last columns.
void Table::fit(Lines& lines, std::vector<size_t>& widths, size_t most) const {
  while (total_width(widths) > most) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      const size_t least = std::max(kCutCharactersMin, width(columns_[i].title));
      const bool may_be_cut = columns_[i].align == Align::left && widths[i] > least;
      if (may_be_cut && (widest == columns_.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  size_t columns = widths.size();
  while (columns > 1 && total_width(widths) + (columns < columns_.size() ? 3 : 0) > most) {
    widths.resize(--columns);
  }
  for (auto& cells : lines) {
    cells.resize(std::min(cells.size(), columns));
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = core::shortened(cells[i], widths[i]);
  }
  widths = widths_of(lines);
  if (columns < columns_.size()) lines[0].back() += "  …";
}

void Table::print(std::ostream& out, const Display& display) const {
  Lines lines;
  lines.emplace_back();
  for (const Column& column : columns_) lines[0].emplace_back(column.title);
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths = widths_of(lines);
  if (display.width != 0 && !display.wide) fit(lines, widths, display.width);
  bool is_title = true;
  for (const auto& cells : lines) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      print_cell(line, cells[i], columns_[i], widths[i], i + 1 == cells.size());
    }
    const bool bold = std::exchange(is_title, false) && display.colour;
    out << (bold ? kBold : "") << line << (bold ? kPlain : "") << '\n';
  }
}

std::string human_duration(int64_t seconds) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  const auto pair = [](int64_t a, char a_unit, int64_t b, char b_unit) {
    return format("%lld%c %02lld%c", static_cast<long long>(a), a_unit, static_cast<long long>(b), b_unit);
  };
  if (seconds < kMinute) return std::to_string(seconds) + "s";
  if (seconds < kHour) return pair(seconds / kMinute, 'm', seconds % kMinute, 's');
  if (seconds < kDay) return pair(seconds / kHour, 'h', seconds % kHour / kMinute, 'm');
  return pair(seconds / kDay, 'd', seconds % kDay / kHour, 'h');
}

std::string iso_time(int64_t unix_ms) {
  if (unix_ms == 0) return "-";
  const int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
  const auto seconds = static_cast<time_t>((unix_ms - ms) / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return format("%s.%03dZ", date.data(), static_cast<int>(ms));
}

std::string or_dash(std::string_view text) { return text.empty() ? "-" : printable(text); }

}  // namespace headgate::tools
