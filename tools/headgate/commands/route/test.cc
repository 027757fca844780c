#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "routing/files/route_check.h"
#include "routing/trial/case_file.h"
#include "routing/trial/rows.h"
#include "routing/trial/trial.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"
#include "tools/headgate/trial_text.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using routing::Trial;
using routing::TrialCounts;
using routing::TrialRow;
using routing::TrialStep;
using routing::Truth;
using routing::Verdict;

std::string_view word_of(Truth truth) {
  return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "undefined";
}

// ---- for people ----

void show_verdict(const Verdict& verdict, const Trial& trial, std::ostream& out) {
  out << "  " << printable(trial.table().routes()[verdict.route].name) << ": " << word_of(verdict.truth)
      << '\n';
  for (const auto& line : verdict.why)
    out << std::string(4 + 2 * line.depth, ' ') << printable(line.text) << '\n';
}

void show_step(const TrialStep& step, const Trial& trial, std::ostream& out) {
  out << trial_time_text(step.at_ms);
  if (step.message) {
    out << (step.made_by_route ? "  again  " : "  ") << printable(step.message->topic) << "  "
        << trial_body_text(step.message->body);
  }
  out << '\n';
  for (const Verdict& verdict : step.verdicts) show_verdict(verdict, trial, out);
  for (const TrialRow& row : step.rows)
    out << "  " << trial_row_text(row, trial.table().routes()[row.route].name) << '\n';
}

void show_counts(const Trial& trial, std::ostream& out) {
  Table table({{"ROUTE"},
               {"MATCHED", Align::right},
               {"UNDEFINED", Align::right},
               {"TYPE ERRORS", Align::right},
               {"LATE", Align::right},
               {"EARLY", Align::right}});
  for (uint32_t i = 0; i < trial.table().routes().size(); ++i) {
    const TrialCounts counts = trial.counts(i);
    table.add({trial.table().routes()[i].name, std::to_string(counts.route.matched),
               std::to_string(counts.route.undefined), std::to_string(counts.route.type_errors),
               std::to_string(counts.route.late), std::to_string(counts.route.early)});
  }
  table.print(out);
  for (uint32_t i = 0; i < trial.table().routes().size(); ++i) {
    const std::string sample = trial.counts(i).sample;
    if (!sample.empty())
      out << printable(trial.table().routes()[i].name) << ": last type error: " << printable(sample) << '\n';
  }
}

// ---- for scripts ----

Json verdict_json(const Verdict& verdict, const Trial& trial) {
  Json why = Json::array();
  for (const auto& line : verdict.why) why.push_back({{"depth", line.depth}, {"text", line.text}});
  return {{"route", trial.table().routes()[verdict.route].name},
          {"matched", word_of(verdict.truth)},
          {"why", std::move(why)}};
}

Json step_json(const TrialStep& step, const Trial& trial) {
  Json json = {{"at_ms", step.at_ms}};
  if (step.message) json["topic"] = step.message->topic;
  if (step.made_by_route) json["made_by_route"] = true;
  json["routes"] = Json::array();
  for (const Verdict& verdict : step.verdicts) json["routes"].push_back(verdict_json(verdict, trial));
  json["rows"] = Json::array();
  for (const TrialRow& row : step.rows)
    json["rows"].push_back(Json::parse(
        routing::row_json(row, step.at_ms, trial.table().routes()[row.route].name), nullptr, false));
  return json;
}

Json counts_of(const Trial& trial) {
  Json all = Json::array();
  for (uint32_t i = 0; i < trial.table().routes().size(); ++i) {
    const TrialCounts counts = trial.counts(i);
    all.push_back({{"name", trial.table().routes()[i].name},
                   {"matched", counts.route.matched},
                   {"undefined", counts.route.undefined},
                   {"type_errors", counts.route.type_errors},
                   {"late", counts.route.late},
                   {"late_dropped", counts.route.late_dropped},
                   {"early", counts.route.early},
                   {"evicted", counts.route.evicted},
                   {"last_type_error", counts.sample}});
  }
  return all;
}

// ---- a sample ----

class SampleRun {
 public:
  SampleRun(bool json, std::ostream& out, std::ostream& err) : json_(json), out_(out), err_(err) {}

  int run(const RouteTestOptions& options) {
    const routing::RouteFile file = read_routes(options.files);
    for (const auto& error : file.errors) fail(error.what);
    for (const auto& table : file.tables)
      if (!table.fault.empty()) fail(table.fault);
    const auto text = read_text(options.sample);
    if (!text) return fail(text.error().what);
    const auto sample = routing::parse_sample(*text, options.sample);
    if (!sample) return fail(sample.error().what);
    Trial trial(routing::route_specs(file.entries, 0), file.tables);
    tell_findings(trial);
    for (const routing::SampleLine& line : *sample)
      tell(line.message ? trial.take(line.message, line.id) : trial.advance(line.at_ms), trial);
    tell(trial.finish(), trial);
    if (json_) {
      all_["ok"] = ok_;
      all_["routes"] = counts_of(trial);
      out_ << all_.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    } else {
      show_counts(trial, out_);
    }
    return ok_ ? kExitOk : kExitFailed;
  }

 private:
  int fail(const std::string& what) {
    ok_ = false;
    err_ << printable(what, core::LineFeeds::kept) << '\n';
    return kExitFailed;
  }

  void tell_findings(const Trial& trial) {
    for (const routing::RouteStatus& status : trial.statuses()) {
      if (!status.ok()) fail(printable(status.name) + ": left out");
      for (const auto& found : status.diagnostics)
        err_ << printable(routing::render(found, status.text), core::LineFeeds::kept) << '\n';
    }
  }

  void tell(const std::vector<TrialStep>& steps, const Trial& trial) {
    for (const TrialStep& step : steps) {
      if (json_)
        all_["steps"].push_back(step_json(step, trial));
      else
        show_step(step, trial, out_);
    }
  }

  bool json_;
  std::ostream& out_;
  std::ostream& err_;
  Json all_ = {{"ok", true}, {"steps", Json::array()}};
  bool ok_ = true;
};

// ---- case files ----

class CaseRun {
 public:
  CaseRun(bool json, std::ostream& out, std::ostream& err) : json_(json), out_(out), err_(err) {}

  int run(const std::vector<std::string>& files) {
    for (const std::string& path : files) run_file(path);
    if (json_)
      out_ << Json({{"ok", ok_}, {"cases", total_}, {"failed", failed_}}).dump() << '\n';
    else
      out_ << total_ << (total_ == 1 ? " case, " : " cases, ") << failed_.size() << " failed\n";
    return ok_ ? kExitOk : kExitFailed;
  }

 private:
  void run_file(const std::string& path) {
    const auto text = read_text(path);
    const auto cases = text ? routing::parse_case_file(*text, path, read_schema) : core::fail(text.error());
    if (!cases) {
      ok_ = false;
      err_ << printable(cases.error().what, core::LineFeeds::kept) << '\n';
      return;
    }
    for (const routing::RouteCase& one : *cases) run_case(one, path);
  }

  void run_case(const routing::RouteCase& one, const std::string& path) {
    ++total_;
    std::vector<routing::TableSource> tables = one.tables;
    routing::read_tables(tables, read_table);
    std::string wrong;
    for (const routing::TableSource& table : tables)
      if (!table.fault.empty()) wrong += table.fault + "\n";
    wrong += routing::difference(one.expected, routing::run_sample(one.routes, one.input, tables));
    if (wrong.empty()) return;
    ok_ = false;
    failed_.push_back({{"file", path}, {"line", one.line}, {"case", one.name}, {"difference", wrong}});
    if (!json_)
      err_ << path << ':' << one.line << ": " << printable(one.name) << '\n'
           << core::printable(wrong, core::LineFeeds::kept);
  }

  bool json_;
  std::ostream& out_;
  std::ostream& err_;
  size_t total_ = 0;
  Json failed_ = Json::array();
  bool ok_ = true;
};

bool is_case_file(const std::string& path) { return path.ends_with(".rt"); }

}  // namespace

int run_route_test(const RouteTestOptions& options, bool json, std::ostream& out, std::ostream& err) {
  const auto cases = std::ranges::count_if(options.files, is_case_file);
  if (cases == std::ssize(options.files) && options.sample.empty())
    return CaseRun(json, out, err).run(options.files);
  if (cases > 0) {
    err << "headgate: case files (.rt) bring their routes and messages: name them alone, without --in\n";
    return kExitUsage;
  }
  if (options.sample.empty()) {
    err << "headgate: name a file of messages: --in sample.ndjson\n";
    return kExitUsage;
  }
  return SampleRun(json, out, err).run(options);
}

}  // namespace headgate::tools
