#include "tools/headgate/format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
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
  const std::string padding(column_width - width(cell), ' ');
  if (column.align == Align::right) line += padding;
  line += cell;
  if (last) return;
  if (column.align == Align::left) line += padding;
  line += "  ";
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = core::shortened(printable(cell), kCellCharactersMax);
  rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out) const {
  std::vector<std::vector<std::string>> lines;
  lines.emplace_back();
  for (const Column& column : columns_) lines[0].emplace_back(column.title);
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths(columns_.size());
  for (const auto& cells : lines) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  }
  for (const auto& cells : lines) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      print_cell(line, cells[i], columns_[i], widths[i], i + 1 == cells.size());
    }
    out << line << '\n';
  }
}

std::string counted(uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string human_bytes(uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return format("%.1f %s", amount, kUnits[unit]);
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
