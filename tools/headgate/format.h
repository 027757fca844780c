// How the tool shows things to people: aligned tables, readable sizes, ISO times.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text.h"
#include "core/text/human.h"
#include "tools/headgate/display.h"

namespace headgate::tools {

enum class Align : uint8_t { left, right };

struct Column {
  std::string_view title;
  Align align = Align::left;
};

// Text of strangers goes through it on its way to people.
using core::printable;

// Collects rows, then prints them with columns as wide as their widest cell (in characters). A longer cell than
// kCellCharactersMax is cut in its middle: what one client calls itself is no reason for others' rows to be wide.
// Cells are made printable. JSON has them whole.
//
// Columns stand in the order of their importance. Where they do not fit a terminal, long texts are cut first, and then columns are
// left out from the right, which the title line shows by an ellipsis at its end.
class Table {
 public:
  static constexpr size_t kCellCharactersMax = 64;
  static constexpr size_t kCutCharactersMin = 12;  // of a text that is cut for want of width

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> row);
  // Sorts by "COLUMN" or "COLUMN:desc", its title in any case; sizes and numbers by what they are. Error: invalid, with the columns
  // that there are.
  [[nodiscard]] core::Status sort(std::string_view by);
  void print(std::ostream& out, const Display& display = {}) const;

 private:
  using Lines = std::vector<std::vector<std::string>>;

  [[nodiscard]] std::vector<size_t> widths_of(const Lines& lines) const;
  void fit(Lines& lines, std::vector<size_t>& widths, size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

using core::counted;
using core::human_bytes;

// "45s", "3m 05s", "2h 10m", "4d 03h".
[[nodiscard]] std::string human_duration(int64_t seconds);

// Unix milliseconds as "2026-11-22T11:41:24.123Z"; "-" for 0.
[[nodiscard]] std::string iso_time(int64_t unix_ms);

// `text` printable; "-" for an empty one.
[[nodiscard]] std::string or_dash(std::string_view text);

}  // namespace headgate::tools
