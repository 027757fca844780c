// Numbers the different texts of a column. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace headgate::upstream::columns {

class Words {
 public:
  // More than `words_max` different texts are too many to be worth it.
  explicit Words(size_t words_max);

  // False once there are too many.
  bool add(std::string_view text);

  [[nodiscard]] const std::vector<std::string_view>& words() const { return words_; }  // by first appearance
  [[nodiscard]] const std::vector<uint32_t>& of_row() const { return of_row_; }
  // About what the column takes with its words.
  [[nodiscard]] double bits() const;

 private:
  size_t words_max_;
  std::vector<std::string_view> words_;
  std::vector<uint32_t> of_row_;
  std::vector<uint32_t> table_;  // open addressing: number of a word, counted from 1
};

}  // namespace headgate::upstream::columns
