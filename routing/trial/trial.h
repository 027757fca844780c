// Routes over recorded messages, as a hub runs them, but without one: the same table, projections and computations, and
// time that comes from the messages alone. Nothing is kept afterwards.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/message.h"
#include "routing/compute/computation.h"
#include "routing/lookup/tables.h"
#include "routing/table/route_table.h"
#include "routing/trial/trace.h"

namespace headgate::routing {

// A message that came out.
struct TrialRow {
  RouteIndex route = 0;
  std::string to;  // the endpoint: `$upstream`, `topic:a/b`
  std::string topic;
  std::string body;
  int64_t start_ms = 0;  // its window; both 0: none
  int64_t end_ms = 0;
  uint32_t rev = 0;
  bool complete = true;
  bool withdrawn = false;
  bool too_late = false;  // the message itself, as a dead letter
};

// A route whose source takes the message.
struct Verdict {
  RouteIndex route = 0;
  Truth truth = Truth::no;
  std::vector<TraceLine> why;  // not yes: the parts that made it so
};

// A moment: a message that came in, or time that was reached.
struct TrialStep {
  int64_t at_ms = 0;
  core::MessagePtr message;    // null: windows were due
  bool made_by_route = false;  // the message is a row of an earlier step that came back INTO Topic('…')
  std::vector<Verdict> verdicts;
  std::vector<TrialRow> rows;
};

// Counts of a route, over the whole trial.
struct TrialCounts {
  RouteCounts route;     // but for its results, which are rows
  uint64_t too_far = 0;  // results that had gone round among routes too often
  std::string sample;    // the last type error
};

// Whether steps tell why routes did not take a message, which costs more than the routes do.
enum class Traces : uint8_t { all, none };

// Bounds of a trial on a hub: windows that slide by a second, or routes that publish to one another, make millions of rows of a
// single message.
struct TrialBounds {
  std::function<bool()> is_over;  // true: no time is left
  size_t bytes_max = SIZE_MAX;    // about, of what one call makes
};

class Trial {
 public:
  // Routes that do not compile are left out: see statuses(). `tables`: declared, with the rows of files.
  explicit Trial(std::span<const RouteSpec> specs, std::span<const TableSource> tables = {},
                 Traces traces = Traces::all);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  [[nodiscard]] const std::vector<RouteStatus>& statuses() const { return statuses_; }
  [[nodiscard]] const RouteTable& table() const { return *table_; }
  // Tables that routes look up in, as they are now.
  [[nodiscard]] const LookupTables& lookups() const { return lookups_; }

  // Everything due up to its arrival, then the message, then all that routes publish and that comes back. Arrivals
  // never fall. `id` is the number by which sample() chooses.
  [[nodiscard]] std::vector<TrialStep> take(core::MessagePtr message, uint64_t id);
  [[nodiscard]] std::vector<TrialStep> advance(int64_t to_ms);
  // Everything that is still due, whenever it is.
  [[nodiscard]] std::vector<TrialStep> finish();

  [[nodiscard]] TrialCounts counts(RouteIndex route) const;

  // Without it there are none. A call that meets a bound leaves the rest of its work away, and so do all later ones.
  void keep_within(TrialBounds bounds) { bounds_ = std::move(bounds); }
  [[nodiscard]] bool was_cut() const { return cut_; }

 private:
  struct Runner;

  // False once a bound is met; the first asks for room alone.
  [[nodiscard]] bool has_room();
  [[nodiscard]] bool goes_on();
  void add_row(TrialRow row, TrialStep& step);
  [[nodiscard]] const Runner* runner_of(RouteIndex route) const;
  [[nodiscard]] Runner* next_due();
  void fire_until(int64_t to_ms, std::vector<TrialStep>& steps);
  void run_behind(std::vector<TrialStep>& steps);
  void handle(core::MessagePtr message, bool made_by_route, std::vector<TrialStep>& steps);
  void pick(const core::Message& message, TrialStep& step);
  void project(const core::MessagePtr& message, TrialStep& step);
  void compute(const core::MessagePtr& message, TrialStep& step);
  void change_tables(const core::Message& message);
  void judge(TrialStep& step);
  void explain(const core::Message& message, TrialStep& step);
  void add_rows(RouteIndex route, const ComputeResult& result, const core::Message* input, TrialStep& step);
  [[nodiscard]] bool republish(const core::Message& draft, RouteIndex route, std::string topic);
  void dead_letter(const core::Message& message, RouteIndex route, TrialStep& step);

  std::shared_ptr<const RouteTable> table_;
  std::vector<RouteStatus> statuses_;
  LookupTables lookups_;
  std::vector<std::unique_ptr<Runner>> runners_;  // of routes with state, by their order in the table
  std::vector<TrialCounts> counts_;
  std::vector<RouteStats> judged_;  // by route, as the table counted when it was last judged
  std::vector<std::optional<CompiledRoute>> compiled_;  // for traces; empty without
  MatchContext context_;
  std::deque<core::MessagePtr> behind_;  // published by routes
  int64_t present_ms_ = 0;
  uint64_t id_ = 0;
  TrialBounds bounds_;
  size_t made_bytes_ = 0;  // in this call, about
  bool cut_ = false;
};

}  // namespace headgate::routing
