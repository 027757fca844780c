// Writes the values of one shape, column by column, each as what takes least. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/payload/columns/integers.h"
#include "upstream/payload/columns/row_shapes.h"
#include "upstream/payload/columns/streams.h"
#include "upstream/payload/columns/words.h"

namespace headgate::upstream::columns {

class ColumnWriter {
 public:
  // `text` is that of all rows. All must outlive the writer.
  ColumnWriter(std::string_view text, const Shape& shape, std::string& head, Streams& streams)
      : text_(text), shape_(shape), head_(head), streams_(streams) {}

  // Appends one JSON array for each column, with a comma between, to the head.
  void write();

 private:
  using Texts = std::vector<std::string_view>;

  // A column of numbers, but for some values that are no such.
  struct Numbers {
    std::string kind;              // how texts are made of them, in JSON
    std::vector<int64_t> values;   // of the others: the one before
    std::vector<uint32_t> others;  // rows
  };

  void write_column(size_t hole, const Texts& texts);
  void write_words(const Words& words);
  void write_numbers(const Numbers& numbers, const IntegerPlan& plan, const Texts& texts);
  [[nodiscard]] static bool read_decimals(const Texts& texts, Numbers& numbers);
  [[nodiscard]] static bool read_times(const Texts& texts, Numbers& numbers);
  void offer_groups(size_t hole, Words words);

  std::string_view text_;
  const Shape& shape_;
  std::string& head_;
  Streams& streams_;
  std::deque<Words> grouping_;
  std::vector<Groups> groups_;  // of the columns so far
};

}  // namespace headgate::upstream::columns
