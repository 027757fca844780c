// History of a hub (`$history`), page by page: over the admin socket of one that runs, or from the directory of one that
// is stopped; or what a hub that runs has recorded. Nothing is consumed.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
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
  std::string basis = {};  // of what is recorded: which part of the traffic it is, for people
};

enum class HistorySource : uint8_t { history, recorder };

class HistoryPages {
 public:
  // A page is small, so that the hub's loop is never held up by one.
  static constexpr uint64_t kMessagesAPage = 100;

  // Borrows the context.
  explicit HistoryPages(const Context& context, HistorySource source = HistorySource::history)
      : context_(context), source_(source) {}

  // Errors: not_found (the hub keeps no history), and those of the admin socket or the directory.
  [[nodiscard]] core::Result<HistoryFacts> facts();
  // The next messages, oldest first, in the order in which they arrived; none: these were all. Times never fall.
  [[nodiscard]] core::Result<std::vector<routing::SampleLine>> next();

  // Recorded messages passed over: their bodies are not whole, or are not for whoever asks.
  [[nodiscard]] uint64_t passed_over() const { return passed_over_; }

 private:
  [[nodiscard]] core::Result<HistoryFacts> recorded_facts();
  [[nodiscard]] core::Result<std::string> page();
  [[nodiscard]] bool is_usable(const nlohmann::ordered_json& message);

  const Context& context_;
  HistorySource source_;
  uint64_t passed_over_ = 0;
  uint64_t after_ = 0;  // seq, or number of a recorded message
  int64_t at_ms_ = 0;
};

}  // namespace headgate::tools
