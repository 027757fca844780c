#include "upstream/payload/columns/words.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace headgate::upstream::columns {

Words::Words(size_t words_max) : words_max_(words_max), table_(std::bit_ceil(words_max * 2 + 2)) {}

bool Words::add(std::string_view text) {
  const size_t mask = table_.size() - 1;
  size_t slot = std::hash<std::string_view>()(text) & mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t known = table_[slot] - 1;
    if (words_[known] != text) continue;
    of_row_.push_back(known);
    return true;
  }
  if (words_.size() == words_max_) return false;
  of_row_.push_back(static_cast<uint32_t>(words_.size()));
  words_.push_back(text);
  table_[slot] = static_cast<uint32_t>(words_.size());
  return true;
}

double Words::bits() const {
  constexpr double kBitsOfACharacter = 5;
  std::vector<uint32_t> counts(words_.size());
  for (const uint32_t word : of_row_) ++counts[word];
  const double rows = static_cast<double>(of_row_.size());
  double bits = 0;
  for (const uint32_t count : counts) bits += count * std::log2(rows / count);
  if (counts.size() > 1) bits = std::max(bits, rows);
  for (const std::string_view word : words_) bits += kBitsOfACharacter * static_cast<double>(word.size() + 1);
  return bits;
}

}  // namespace headgate::upstream::columns
