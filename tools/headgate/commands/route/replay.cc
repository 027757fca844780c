#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "core/text.h"
#include "routing/files/route_check.h"
#include "routing/selection/moment.h"
#include "routing/trial/row_comparison.h"
#include "routing/trial/rows.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/history/pages.h"
#include "tools/headgate/history/replay_routes.h"
#include "tools/headgate/trial_text.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using routing::RowChange;
using routing::TimedRow;
using routing::Trial;
using routing::TrialStep;

constexpr std::string_view kNoHistory =
    "the hub keeps no history; set \"history\": {\"filter\": \"plant/#\", \"maxBytes\": \"32MiB\"} in its "
    "configuration, with a filter of the messages to replay, and reload it";

// A moment; empty: `otherwise`.
core::Result<int64_t> moment_of(const std::string& text, int64_t now_ms, int64_t otherwise) {
  return text.empty() ? otherwise : routing::parse_moment(text, now_ms);
}

std::string_view name_of(RowChange::Kind kind) {
  switch (kind) {
    case RowChange::Kind::added:
      return "added";
    case RowChange::Kind::gone:
      return "gone";
    case RowChange::Kind::changed:
      break;
  }
  return "changed";
}

std::string_view sign_of(RowChange::Kind kind) {
  return kind == RowChange::Kind::added ? "+" : kind == RowChange::Kind::gone ? "-" : "~";
}

// The version of the routes that is tried, and the one it is compared with, over the same messages.
class Replay {
 public:
  struct Span {
    int64_t from_ms = 0;
    int64_t to_ms = 0;
  };

  Replay(const Context& context, const ReplayRoutes& routes, Span span, bool compares)
      : context_(context),
        asked_(routes.asked),
        span_(span),
        compares_(compares),
        tried_(routing::route_specs(routes.now, 0), routes.tables_now, routing::Traces::none),
        other_(routing::route_specs(routes.before, 0), routes.tables_before, routing::Traces::none) {
    for (const Trial* trial : {&tried_, &other_})
      for (const routing::RouteIndex index : trial->table().computing())
        if (const auto& plan = trial->table().plan(index); !plan->query.timestamp.empty())
          by_event_time_.insert(plan->route);
  }

  // Prints what is wrong with routes that were asked for. False: one does not compile.
  bool check() {
    bool ok = true;
    for (const routing::RouteStatus& status : tried_.statuses()) {
      if (status.ok() || !asked_.contains(status.name)) continue;
      ok = false;
      context_.err << printable(status.name) << ": left out\n";
      for (const auto& found : status.diagnostics)
        context_.err << routing::render(found, status.text) << '\n';
    }
    return ok;
  }

  core::Status run(const HistoryFacts& facts, HistorySource source) {
    HistoryPages pages(context_, source);
    for (bool more = true; more;) {
      const auto page = pages.next();
      if (!page) return core::fail(page.error());
      more = !page->empty() && take_page(*page, facts);
    }
    passed_over_ = pages.passed_over();
    take(other_, other_.advance(span_.to_ms), false);
    take(tried_, tried_.advance(span_.to_ms), true);
    return {};
  }

  // Call after run().
  void tell(const HistoryFacts& facts, const std::vector<std::string>& warnings) {
    if (compares_)
      for (const RowChange& change : comparison_.finish()) tell_change(change);
    if (context_.json) return tell_json(facts, warnings);
    if (passed_over_ > 0)
      context_.out << passed_over_
                   << " messages are left out: their bodies are not whole, or not for you to see\n";
    if (any_partial_) context_.out << "* began before the history does: messages may be missing from it\n";
    compares_ ? show_comparison() : show_rows();
  }

 private:
  // False at the end of the time that was asked for.
  bool take_page(const std::vector<routing::SampleLine>& page, const HistoryFacts& facts) {
    for (const routing::SampleLine& line : page) {
      if (messages_ == 0) begin(line.at_ms, facts);
      if (line.at_ms > span_.to_ms) return false;
      ++messages_;
      if (compares_) take(other_, other_.take(line.message, line.id), false);
      take(tried_, tried_.take(line.message, line.id), true);
    }
    return true;
  }

  void begin(int64_t at_ms, const HistoryFacts& facts) {
    begins_ms_ = at_ms;
    if (context_.json) return;
    if (!facts.basis.empty()) {
      context_.out << facts.basis << '\n';
      return tell_tables();
    }
    std::string filters;
    for (const std::string& filter : facts.filters)
      filters.append(filters.empty() ? "" : ", ").append(filter);
    context_.out << "history begins at " << iso_time(begins_ms_) << ": " << facts.messages << " messages of "
                 << printable(filters) << '\n';
    if (facts.since_ms > begins_ms_)
      context_.out << "its filter is another since " << iso_time(facts.since_ms) << '\n';
    tell_tables();
  }

  void tell_tables() {
    for (const auto& table : tried_.table().tables())
      context_.out << "lookup table " << printable(table->name)
                   << " has the rows of now: " << table->rows->rows().size() << '\n';
  }

  void take(const Trial& trial, const std::vector<TrialStep>& steps, bool is_now) {
    for (const TrialStep& step : steps) {
      if (step.at_ms < span_.from_ms) continue;
      for (const routing::TrialRow& row : step.rows) {
        const std::string& route = trial.table().routes()[row.route].name;
        if (compares_)
          is_now ? comparison_.add_after({route, step.at_ms, row})
                 : comparison_.add_before({route, step.at_ms, row});
        else if (asked_.contains(route))
          tell_row({route, step.at_ms, row});
      }
    }
  }

  // By arrival, messages before the first that is known are missing from the window.
  [[nodiscard]] bool is_partial(const TimedRow& timed) const {
    return timed.row.end_ms != 0 && timed.row.start_ms < begins_ms_ && !by_event_time_.contains(timed.route);
  }

  void tell_row(const TimedRow& timed) {
    ++rows_[timed.route];
    const bool partial = is_partial(timed);
    any_partial_ = any_partial_ || partial;
    if (context_.json) {
      rows_json_.push_back(row_json_of(timed, partial));
    } else {
      context_.out << trial_time_text(timed.at_ms) << (partial ? " * " : "  ")
                   << trial_row_text(timed.row, timed.route) << '\n';
    }
  }

  static Json row_json_of(const TimedRow& timed, bool partial) {
    Json row = Json::parse(routing::row_json(timed.row, timed.at_ms, timed.route), nullptr, false);
    if (partial) row["began_before_history"] = true;
    return row;
  }

  void tell_change(const RowChange& change) {
    const bool partial = is_partial(change.row);
    any_partial_ = any_partial_ || partial;
    if (context_.json) {
      Json json = {{"change", name_of(change.kind)}, {"row", row_json_of(change.row, partial)}};
      if (change.kind == RowChange::Kind::changed) json["before"] = row_json_of(change.before, partial);
      rows_json_.push_back(std::move(json));
      return;
    }
    context_.out << sign_of(change.kind) << ' ' << trial_time_text(change.row.at_ms)
                 << (partial ? " * " : "  ") << trial_row_text(change.row.row, change.row.route) << '\n';
    if (change.kind == RowChange::Kind::changed)
      context_.out << "    before: " << trial_body_text(change.before.row.body)
                   << (change.before.row.complete ? "" : " not complete") << '\n';
  }

  void show_rows() {
    Table table({{"ROUTE"},
                 {"MATCHED", Align::right},
                 {"UNDEFINED", Align::right},
                 {"TYPE ERRORS", Align::right},
                 {"LATE", Align::right},
                 {"ROWS", Align::right}});
    for (uint32_t i = 0; i < tried_.table().routes().size(); ++i) {
      const std::string& name = tried_.table().routes()[i].name;
      if (!asked_.contains(name)) continue;
      const routing::TrialCounts counts = tried_.counts(i);
      table.add({name, std::to_string(counts.route.matched), std::to_string(counts.route.undefined),
                 std::to_string(counts.route.type_errors), std::to_string(counts.route.late),
                 std::to_string(rows_[name])});
    }
    table.print(context_.out);
  }

  void show_comparison() {
    Table table({{"ROUTE"},
                 {"SAME", Align::right},
                 {"ADDED", Align::right},
                 {"GONE", Align::right},
                 {"CHANGED", Align::right}});
    for (const auto& [name, counts] : comparison_.counts())
      table.add({name, std::to_string(counts.same), std::to_string(counts.added), std::to_string(counts.gone),
                 std::to_string(counts.changed)});
    table.print(context_.out);
  }

  void tell_json(const HistoryFacts& facts, const std::vector<std::string>& warnings) {
    Json routes = Json::array();
    for (const auto& [name, counts] : comparison_.counts())
      routes.push_back({{"name", name},
                        {"same", counts.same},
                        {"added", counts.added},
                        {"gone", counts.gone},
                        {"changed", counts.changed}});
    for (const std::string& name : asked_)
      if (!compares_) routes.push_back({{"name", name}, {"rows", rows_[name]}});
    Json json = {
        {"history", {{"begins_ms", begins_ms_}, {"filters", facts.filters}, {"since_ms", facts.since_ms}}},
        {"messages", messages_},
        {"tables", tables_json()},
        {"warnings", warnings},
        {compares_ ? "changes" : "rows", std::move(rows_json_)},
        {"routes", std::move(routes)}};
    if (!facts.basis.empty()) json.update({{"basis", facts.basis}, {"left_out", passed_over_}});
    context_.out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  }

  // Tables that are looked up in, and how many rows they have now.
  Json tables_json() const {
    Json tables = Json::array();
    for (const auto& table : tried_.table().tables())
      tables.push_back({{"name", table->name}, {"rows", table->rows->rows().size()}});
    return tables;
  }

  const Context& context_;
  const std::set<std::string>& asked_;
  Span span_;
  bool compares_;
  Trial tried_;
  Trial other_;
  routing::RowComparison comparison_;
  int64_t begins_ms_ = 0;
  uint64_t messages_ = 0;
  uint64_t passed_over_ = 0;
  std::map<std::string, uint64_t> rows_;  // by route
  std::set<std::string> by_event_time_;   // routes, of either version
  bool any_partial_ = false;
  Json rows_json_ = Json::array();
};

int fail_replay(const Context& context, std::string_view what) {
  context.err << "headgate: " << printable(what, core::LineFeeds::kept) << '\n';
  return kExitFailed;
}

int replay_with(const Context& context, const ReplayOptions& options, Replay::Span span) {
  const bool recorded = !options.last.empty();
  const HistorySource source = recorded ? HistorySource::recorder : HistorySource::history;
  const auto facts = HistoryPages(context, source).facts();
  if (!facts)
    return fail_replay(context,
                       facts.error().code == core::Errc::not_found ? kNoHistory : facts.error().what);
  if (facts->messages == 0)
    return fail_replay(context,
                       recorded ? "nothing is recorded: no message has come since the hub has started, or "
                                  "observe.history_bytes is 0"
                                : "the history is empty: no message has come that history.filter takes");
  const auto routes = replay_routes(context, options);
  if (!routes) return fail_replay(context, routes.error().what);
  Replay replay(context, *routes, span, options.diff || !options.against.empty());
  if (!replay.check()) return kExitFailed;
  const auto warnings = uncovered(*routes, facts->filters);
  for (const std::string& warning : warnings) context.err << "warning: " << printable(warning) << '\n';
  if (const auto ran = replay.run(*facts, source); !ran) return fail_replay(context, ran.error().what);
  replay.tell(*facts, warnings);
  return kExitOk;
}

}  // namespace

int run_route_replay(const Context& context, const ReplayOptions& options) {
  const auto usage = [&context](std::string_view what) {
    context.err << "headgate: " << what << '\n';
    return kExitUsage;
  };
  if (options.file.empty() && options.route.empty())
    return usage("name a route file, or a route in force: --route NAME");
  if (options.file.empty() && (options.diff || !options.against.empty()))
    return usage("--diff compares a route file with the routes in force: name the file");
  const auto from = moment_of(options.last.empty() ? options.since : options.last, options.now_ms, 0);
  const auto to = moment_of(options.until, options.now_ms, options.now_ms);
  if (!from) return usage(from.error().what);
  if (!to) return usage(to.error().what);
  return replay_with(context, options, {*from, std::min(*to, options.now_ms)});
}

}  // namespace headgate::tools
