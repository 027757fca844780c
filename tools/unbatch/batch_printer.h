// Takes the messages of `headgate-batch/1` batches (docs/batch-format.md) apart and passes each on once.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "tools/unbatch/raw_rows.h"
#include "tools/unbatch/seen.h"
#include "tools/unbatch/sink/sink.h"

namespace headgate::tools {

struct PrintOptions {
  bool keep_duplicates = false;
  uint64_t count_max = UINT64_MAX;  // messages; later ones are not passed on
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
  // All are borrowed and must outlive the printer.
  BatchPrinter(PrintOptions options, Seen& seen, Sink& sink, std::ostream& err)
      : options_(options), seen_(seen), sink_(sink), err_(err) {}

  // `where` names the batch in reports. Returns once the sink has all of it; a message that the sink can never take is
  // reported and left out. Errors: those of the sink; then messages are remembered that it may not have.
  [[nodiscard]] core::Status print(std::string_view json, const std::string& where);
  void report_bad(const std::string& where, std::string_view what);

  [[nodiscard]] bool done() const { return counts_.messages >= options_.count_max; }
  [[nodiscard]] const PrintCounts& counts() const { return counts_; }

 private:
  struct Source;  // hub and epoch
  struct Json;    // hides nlohmann::json

  [[nodiscard]] core::Status print_row(const Json& row, const RawRow& raw, const Source& source,
                                       const std::string& where);
  [[nodiscard]] core::Status pass_on(const Message& message, const std::string& where);
  [[nodiscard]] core::Status print_gap(const Json& gap, const Source& source, const std::string& where);

  PrintOptions options_;
  Seen& seen_;
  Sink& sink_;
  std::ostream& err_;
  std::set<std::string> gaps_printed_;
  PrintCounts counts_;
};

}  // namespace headgate::tools
