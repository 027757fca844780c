// A column of values, read (docs/batch-format.md, "Columns").
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/unbatch/columns/input.h"

namespace headgate::tools::columns {

class Column {
 public:
  // `before`: the columns of the same shape that have been read. None if it is no column or the input is too short. Views
  // what the input views.
  [[nodiscard]] static std::optional<Column> read(const nlohmann::json& json, size_t rows,
                                                  const std::vector<Column>& before, Input& input);

  // Appends the value of a row. REQUIRES: row < rows.
  void append_to(std::string& out, size_t row) const;

 private:
  enum class Kind : uint8_t { constant, words, strings, decimals, times };

  [[nodiscard]] bool read_words(const nlohmann::json& json, size_t rows, Input& input);
  [[nodiscard]] bool read_texts(size_t count, Input& input);
  [[nodiscard]] bool read_numbers(const nlohmann::json& json, size_t from, size_t rows,
                                  const std::vector<Column>& before, Input& input);
  [[nodiscard]] bool read_form(const nlohmann::json& json);
  [[nodiscard]] std::vector<uint32_t> groups(size_t rows) const;

  Kind kind_ = Kind::constant;
  std::vector<std::string_view> texts_;        // the constant, words, or strings
  std::vector<int64_t> numbers_;               // of words, or the values
  std::map<size_t, std::string_view> others_;  // rows whose text is no such number
  unsigned decimals_ = 0;
  unsigned decimals_min_ = 0;
  std::string between_;
  std::string zone_;
};

}  // namespace headgate::tools::columns
