// Prints the messages of `headgate-batch/1` batches (docs/batch-format.md), one line of JSON each.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "tools/unbatch/raw_rows.h"
#include "tools/unbatch/seen.h"

namespace headgate::tools {

struct PrintOptions {
  bool keep_duplicates = false;
  bool gaps = false;
  uint64_t count_max = UINT64_MAX;  // messages; later ones are not printed
};

struct PrintCounts {
  uint64_t batches = 0;
  uint64_t messages = 0;
  uint64_t duplicates = 0;
  uint64_t gaps = 0;
  uint64_t bad = 0;  // batches, or messages in them
};

class BatchPrinter {
 public:
  // The streams and `seen` must outlive the printer.
  BatchPrinter(PrintOptions options, Seen& seen, std::ostream& out, std::ostream& err)
      : options_(options), seen_(seen), out_(out), err_(err) {}

  // `where` names the batch in messages. Flushes.
  void print(std::string_view json, const std::string& where);
  void report_bad(const std::string& where, std::string_view what);

  [[nodiscard]] bool done() const { return counts_.messages >= options_.count_max; }
  [[nodiscard]] const PrintCounts& counts() const { return counts_; }

 private:
  struct Source;  // hub and epoch
  struct Json;    // hides nlohmann::json

  void print_row(const Json& row, const RawRow& raw, const Source& source, const std::string& where);
  void print_gap(const Json& gap, const Source& source, const std::string& where);

  PrintOptions options_;
  Seen& seen_;
  std::ostream& out_;
  std::ostream& err_;
  std::set<std::string> gaps_printed_;
  PrintCounts counts_;
};

}  // namespace headgate::tools
