// Lays the rows of a batch out in columns. docs/batch-format.md says byte by byte what comes of it. Pure; it owns reusable
// buffers, so one sheet serves many batches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/payload/columns/row_shapes.h"
#include "upstream/payload/columns/streams.h"

namespace headgate::upstream::columns {

inline constexpr std::string_view kMagic = "HGC1";
inline constexpr size_t kPreambleBytes = 12;  // magic, and the sizes of head and data

// A batch before compression.
struct Packed {
  std::string_view content;  // valid until the next pack() or clear()
  std::array<size_t, 2>
      cuts{};  // places in it where bytes of another kind begin: behind the texts, behind the planes
};

class Sheet {
 public:
  void clear();

  // `row` is what a row says behind "i" and "t": members of a JSON object, without its braces, well-formed. All rows
  // together may have 4 GiB.
  void add(uint64_t seq, int64_t arrived_ms, std::string_view row);

  // `head` is the JSON of the batch's head without the closing brace. REQUIRES: rows.
  [[nodiscard]] Packed pack(std::string_view head);

 private:
  [[nodiscard]] std::vector<Shape> take_regular_shapes();
  void write_shapes(const std::vector<Shape>& shapes, std::string& head);

  std::string text_;  // of all rows
  std::vector<int64_t> seqs_;
  std::vector<int64_t> times_;
  std::vector<uint32_t> starts_;  // of each row in the text
  RowShapes shapes_;
  Streams streams_;
  std::string content_;
};

}  // namespace headgate::upstream::columns
