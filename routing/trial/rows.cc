#include "routing/trial/rows.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "routing/compute/json_row.h"
#include "routing/evaluation/value.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

Value number(double value) { return Value::of(value); }
Value text(std::string_view value) { return Value::of(value); }

bool is_one_line_of_json(const std::string& body) {
  const bool contains = body.starts_with('{') || body.starts_with('[');
  return contains && body.find('\n') == std::string::npos && Json::accept(body);
}

// Bytes that are no UTF-8 are replaced.
std::string quoted(const std::string& body) {
  return Json(body).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_count(JsonRow& row, std::string_view name, uint64_t count) {
  if (count > 0) row.add(name, number(static_cast<double>(count)));
}

// Windows that fire and messages that arrive, as lines.
class Lines {
 public:
  Lines(const std::vector<RouteSpec>& routes, const std::vector<TableSource>& tables)
      : trial_(routes, tables), named_(routes.size() > 1) {}

  void add_findings() {
    for (const RouteStatus& status : trial_.statuses()) {
      for (const Diagnostic& found : status.diagnostics) {
        std::string line;
        JsonRow row(line);
        if (named_) row.add("route", text(status.name));
        row.add(found.severity == Severity::error ? "error" : "warning", text(found.message));
        row.close();
        lines_.push_back(std::move(line));
      }
    }
  }

  void run(const std::vector<SampleLine>& sample) {
    for (const SampleLine& line : sample)
      add(line.message ? trial_.take(line.message, line.id) : trial_.advance(line.at_ms));
    add(trial_.finish());
  }

  void add_counts() {
    for (RouteIndex route = 0; route < trial_.table().routes().size(); ++route) {
      std::string line = counts_json(trial_.counts(route), name_of(route));
      if (!line.empty()) lines_.push_back(std::move(line));
    }
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

 private:
  [[nodiscard]] std::string_view name_of(RouteIndex route) const {
    return named_ ? std::string_view(trial_.table().routes()[route].name) : std::string_view();
  }

  void add(const std::vector<TrialStep>& steps) {
    for (const TrialStep& step : steps) {
      for (const TrialRow& row : step.rows) lines_.push_back(row_json(row, step.at_ms, name_of(row.route)));
    }
  }

  Trial trial_;
  bool named_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string row_json(const TrialRow& row, int64_t at_ms, std::string_view route) {
  std::string out;
  JsonRow json(out);
  if (!route.empty()) json.add("route", text(route));
  json.add_json("at_ms", std::to_string(at_ms));
  json.add("to", text(row.to));
  json.add("topic", text(row.topic));
  if (row.start_ms != 0 || row.end_ms != 0)
    json.add_json("window", "[" + std::to_string(row.start_ms) + "," + std::to_string(row.end_ms) + "]");
  if (row.rev > 0) json.add_json("rev", std::to_string(row.rev));
  if (!row.complete) json.add_json("complete", "false");
  if (row.withdrawn) json.add_json("withdrawn", "true");
  if (row.too_late) json.add_json("too_late", "true");
  if (is_one_line_of_json(row.body))
    json.add_json("body", row.body);
  else
    json.add_json("payload", quoted(row.body));
  json.close();
  return out;
}

std::string counts_json(const TrialCounts& counts, std::string_view route) {
  std::string inner;
  JsonRow row(inner);
  add_count(row, "undefined", counts.route.undefined);
  add_count(row, "type_errors", counts.route.type_errors);
  add_count(row, "late", counts.route.late);
  add_count(row, "late_dropped", counts.route.late_dropped);
  add_count(row, "early", counts.route.early);
  add_count(row, "evicted", counts.route.evicted);
  add_count(row, "too_far", counts.too_far);
  row.close();
  if (inner == "{}") return {};
  std::string out;
  JsonRow json(out);
  if (!route.empty()) json.add("route", text(route));
  json.add_json("counts", inner);
  json.close();
  return out;
}

std::vector<std::string> run_sample(const std::vector<RouteSpec>& routes,
                                    const std::vector<SampleLine>& sample,
                                    const std::vector<TableSource>& tables) {
  Lines lines(routes, tables);
  lines.add_findings();
  lines.run(sample);
  lines.add_counts();
  return lines.take();
}

}  // namespace headgate::routing
