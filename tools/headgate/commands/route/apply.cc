#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "routing/files/route_check.h"
#include "routing/files/schema_files.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string whole_text(const std::string& text) { return core::printable(text, core::LineFeeds::kept); }

// All mistakes, as route check prints them.
void show_mistakes(const routing::RouteCheckReport& report, std::ostream& err) {
  for (const auto& error : report.errors) err << whole_text(error.what) << '\n';
  for (const routing::RouteCheck& check : report.routes) {
    if (check.diagnostics.empty()) continue;
    err << whole_text(check.entry.file + ": " + check.entry.name) << ":\n";
    for (const auto& found : check.diagnostics)
      err << whole_text(routing::render(found, check.entry.text)) << '\n';
  }
}

bool is_of_interest(const Json& outcome, const std::string& file) {
  return text_of(outcome, "what") != "unchanged" || text_of(outcome, "file") == file;
}

void show_outcomes(const Context& context, const Json& json) {
  Table table({{"ROUTE"}, {"WHAT"}, {"STATE"}});
  const std::string file = text_of(json, "file");
  for (const Json& one : member_of(json, "routes")) {
    if (!is_of_interest(one, file)) continue;
    table.add({or_dash(text_of(one, "route")), text_of(one, "what"), or_dash(text_of(one, "state"))});
  }
  table.print(context.out);
  for (const Json& one : member_of(json, "routes"))
    if (const std::string why = text_of(one, "why"); !why.empty()) context.err << whole_text(why) << '\n';
}

// Whether the hub took every route of the file.
bool took_all(const Json& json) {
  if (flag_of(json, "refused")) return false;
  const std::string file = text_of(json, "file");
  for (const Json& one : member_of(json, "routes"))
    if (is_of_interest(one, file) && !text_of(one, "why").empty()) return false;
  return true;
}

void show_end(const Context& context, const ApplyOptions& options, const Json& json) {
  const std::string file = printable(text_of(json, "file"));
  if (flag_of(json, "refused"))
    context.err << "headgate: nothing was changed: mend what is wrong, or say --force to leave it out\n";
  else if (options.dry_run)
    context.out << "nothing was changed: this was a trial\n";
  else
    context.out << file << " is written, " << number_of(json, "active") << " routes in force\n";
}

}  // namespace

int run_route_apply(const Context& context, const ApplyOptions& options) {
  const auto text = read_text(options.file);
  if (!text) {
    context.err << "headgate: " << whole_text(text.error().what) << '\n';
    return kExitFailed;
  }
  routing::RouteFile file = routing::parse_route_file(*text, options.file);
  routing::read_schemas({&file, 1}, read_schema);
  const auto report = routing::check_routes(file);
  show_mistakes(report, context.err);
  if (!report.ok() && !options.force) {
    context.err << "headgate: nothing was sent: mend what is wrong, or say --force to leave it out\n";
    return kExitFailed;
  }
  const std::string name = std::filesystem::path(options.file).filename().string();
  const std::string target = "/v1/routes/apply?name=" + percent_encode(name) +
                             (options.dry_run ? "&dry_run=1" : "") + (options.force ? "&force=1" : "");
  bool whole = report.ok();
  const int code = answer(context, context.hub.post(target, *text), [&](const Json& json) {
    show_outcomes(context, json);
    show_end(context, options, json);
    whole = whole && took_all(json);
  });
  return code == kExitOk && !whole ? kExitFailed : code;
}

}  // namespace headgate::tools
