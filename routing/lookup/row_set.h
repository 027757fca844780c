// Rows of a lookup table as they were read from one text: by key, and within the limits of the table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::routing {

// Bounds of one table in memory.
struct TableLimits {
  uint32_t rows_max = 10'000;
  uint32_t row_bytes_max = 64 * 1024;
  uint64_t bytes_max = uint64_t{4} * 1024 * 1024;  // all keys and rows, see row_bytes()

  friend bool operator==(const TableLimits&, const TableLimits&) = default;
};

inline constexpr size_t kTableKeyBytesMax = 1024;

// Bytes that a row counts for: its key, its JSON text, and what keeps them.
[[nodiscard]] uint64_t row_bytes(std::string_view key, std::string_view row);

// Appends a number in the digits of a key: the fewest that read back as it, whole numbers without point and exponent.
// False: it is infinite, or none.
[[nodiscard]] bool append_number_key(std::string& key, double number);

// A row is JSON text without blanks: an object, or a single value.
class RowSet {
 public:
  explicit RowSet(TableLimits limits = {}) : limits_(limits) {}

  // Error (invalid), as the end of a sentence: the key is there already, empty or too long, or a limit is reached, with
  // the figures. Nothing is added then.
  core::Status add(std::string key, std::string row);

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& rows() const { return rows_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  // Tells contents apart: equal for equal rows. 16 hexadecimal digits.
  [[nodiscard]] std::string hash() const;

 private:
  TableLimits limits_;
  std::map<std::string, std::string, std::less<>> rows_;
  uint64_t bytes_ = 0;
};

}  // namespace headgate::routing
