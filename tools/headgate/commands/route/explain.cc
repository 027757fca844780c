#include "routing/trial/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "routing/files/route_check.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using routing::Explanation;

void show_explanation(const Explanation& route, std::ostream& out) {
  size_t width = 0;
  for (const auto& line : route.lines) width = std::max(width, line.topic.size());
  out << printable(route.name) << '\n';
  std::string_view before;
  for (const auto& [topic, text] : route.lines) {
    const std::string_view shown = topic == before ? "" : topic;
    out << "  " << shown << std::string(width + 2 - shown.size(), ' ') << printable(text) << '\n';
    before = topic;
  }
}

Json explanation_json(const Explanation& route) {
  Json json = {{"name", route.name}};
  for (const auto& [topic, text] : route.lines) json["lines"].push_back({{"topic", topic}, {"text", text}});
  if (route.has_state) {
    json["group_bytes_max"] = route.group_bytes_max;
    json["state_bytes_max"] = route.state_bytes_max;
  }
  return json;
}

// Explains the routes that compile, and says what is wrong with the others.
class RouteTeller {
 public:
  RouteTeller(const ExplainOptions& options, bool json, std::ostream& out, std::ostream& err)
      : options_(options), json_(json), out_(out), err_(err) {}

  int run() {
    const routing::RouteFile file = read_routes({options_.file});
    for (const auto& error : file.errors) fail(error.what);
    for (const auto& table : file.tables)
      if (!table.fault.empty()) fail(table.fault);
    tables_ = file.tables;
    for (const routing::RouteSpec& spec : routing::route_specs(file.entries, 0)) {
      if (options_.route.empty() || options_.route == spec.name) tell(spec);
    }
    if (told_ == 0 && ok_)
      fail(options_.file + ": there is no route" +
           (options_.route.empty() ? "" : " `" + options_.route + "`"));
    if (json_) out_ << all_.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return ok_ ? kExitOk : kExitFailed;
  }

 private:
  void fail(const std::string& what) {
    ok_ = false;
    err_ << printable(what, core::LineFeeds::kept) << '\n';
  }

  void tell(const routing::RouteSpec& spec) {
    std::vector<routing::Diagnostic> found;
    routing::SchemaSet schemas;
    const routing::RouteSchemas named{spec.schemas, schemas};
    const auto compiled = routing::compile_route(spec.text, spec.semantics, spec.body, found, &named);
    if (!compiled) {
      fail(options_.file + ": " + spec.name + ": left out");
      for (const auto& diagnostic : found)
        err_ << printable(routing::render(diagnostic, spec.text), core::LineFeeds::kept) << '\n';
      return;
    }
    const Explanation route = routing::explain_route(spec, *compiled, tables_);
    if (json_)
      all_["routes"].push_back(explanation_json(route));
    else
      show_explanation(route, out_);
    ++told_;
  }

  const ExplainOptions& options_;
  bool json_;
  std::ostream& out_;
  std::ostream& err_;
  Json all_ = {{"routes", Json::array()}};
  std::vector<routing::TableSource> tables_;
  size_t told_ = 0;
  bool ok_ = true;
};

}  // namespace

int run_route_explain(const ExplainOptions& options, bool json, std::ostream& out, std::ostream& err) {
  return RouteTeller(options, json, out, err).run();
}

}  // namespace headgate::tools
