// An example of a document, played: a route, messages that come one after the other, and what it makes of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "routing/compute/computation.h"
#include "routing/evaluation/message_fields.h"
#include "routing/lookup/tables.h"
#include "routing/table/compile.h"
#include "routing/table/source_index.h"

namespace headgate::routing {

// Each line of an example's input is a time of one day, `09:00:30`, with a topic and a body behind it; a time alone lets
// time pass. Each line of its results is a time, a sink, a body, and what is special about the window:
// `09:01:00 $upstream {"n":2} rev 1 partial`.
class Example {
 public:
  // `tables`: those that it may look up in, with their rows.
  Example(CompiledRoute route, const ComputeLimits& limits, const std::vector<TableSource>& tables = {});

  // Gives the lines that come of a whole input.
  [[nodiscard]] std::string play(const std::string& input);

 private:
  void play_line(const std::string& line);
  void let_pass(int64_t until_ms);
  void take(const core::Message& message);
  [[nodiscard]] bool comes_from_source(const core::Message& message) const;
  void tell(const ComputeResult& result, const core::Message* input);
  void tell(int64_t at_ms, const std::string& what);

  std::shared_ptr<const ComputePlan> plan_;
  SourceIndex source_;
  MessageFields fields_;
  Evaluator evaluator_;
  LookupTables tables_;
  Computation computation_;
  uint64_t type_errors_ = 0;
  std::string sample_;
  uint64_t inputs_ = 0;
  int64_t now_ms_ = 0;
  std::string told_;
};

}  // namespace headgate::routing
