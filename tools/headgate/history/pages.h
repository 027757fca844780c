// History of a hub (`$history`), page by page: over the admin socket of one that runs, or from the directory of one that
// is stopped. Nothing is consumed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "routing/trial/sample.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

struct HistoryFacts {
  std::vector<std::string> filters;  // topics of the messages that are kept
  int64_t since_ms = 0;              // when these filters came in force, Unix time; 0: not known
  uint64_t messages = 0;
};

class HistoryPages {
 public:
  // A page is small, so that the hub's loop is never held up by one.
  static constexpr uint64_t kMessagesAPage = 100;

  // Borrows the context.
  explicit HistoryPages(const Context& context) : context_(context) {}

  // Errors: not_found (the hub keeps no history), and those of the admin socket or the directory.
  [[nodiscard]] core::Result<HistoryFacts> facts();
  // The next messages, oldest first, in the order in which they arrived; none: these were all. Times never fall.
  [[nodiscard]] core::Result<std::vector<routing::SampleLine>> next();

 private:
  [[nodiscard]] core::Result<std::string> page();

  const Context& context_;
  uint64_t after_ = 0;  // seq
  int64_t at_ms_ = 0;
};

}  // namespace headgate::tools
