// Finds which rows are alike but for their values, and takes the values out. Pure.
//
// The shape of a row is its text with a hole, the byte 0x01, for each value: for a number or a word (true, false, null)
// as a whole, for a string what stands between its quotes. Names of members belong to the shape. Putting the values
// back in gives the text, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headgate::upstream::columns {

inline constexpr char kHole = '\x01';

// Where a value stands in the text of all rows.
struct Token {
  uint32_t at = 0;
  uint32_t bytes = 0;
};

// A literal part of a shape, and what kind of hole comes after it.
struct Piece {
  std::string text;
  bool quoted = false;
};

struct Shape {
  std::string pattern;
  std::vector<Piece> pieces;   // one more than holes
  std::vector<uint32_t> rows;  // that have it, ascending
  std::vector<Token> values;   // of each row all holes, row after row
  size_t next = 0;             // shape of the row that came after the last one of this shape

  [[nodiscard]] size_t holes() const { return pieces.size() - 1; }
};

class RowShapes {
 public:
  // Holes in a shape; a row with more is one hole as a whole.
  static constexpr size_t kHolesMax = 4096;

  // Row `row` is the text from `at` to the end of `text`: well-formed members of a JSON object, without its braces.
  void add(uint32_t row, std::string_view text, size_t at);
  void clear();

  // By first appearance.
  [[nodiscard]] std::vector<Shape>& shapes() { return shapes_; }

 private:
  [[nodiscard]] bool fits(size_t shape, std::string_view text, size_t at);
  [[nodiscard]] size_t look_up(std::string_view text, size_t at);

  std::vector<Shape> shapes_;
  std::unordered_map<std::string, size_t> by_pattern_;
  std::string pattern_;        // of the row being looked up
  std::vector<Token> tokens_;  // its values
  size_t last_ = 0;            // shape of the last row
};

}  // namespace headgate::upstream::columns
