#include <algorithm>
#include <iterator>
#include <utility>

#include "routing/files/route_check.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using routing::RouteCheck;
using routing::RouteCheckReport;
using routing::RouteFileError;

void add(RouteCheckReport& report, RouteCheckReport more) {
  std::move(more.routes.begin(), more.routes.end(), std::back_inserter(report.routes));
  std::move(more.errors.begin(), more.errors.end(), std::back_inserter(report.errors));
  std::move(more.without_effect.begin(), more.without_effect.end(),
            std::back_inserter(report.without_effect));
}

// A route may look up in a table that another file declares; whose file cannot be read is told once.
void share_tables(std::vector<routing::RouteFile>& files) {
  routing::RouteFile shared;
  for (const routing::RouteFile& file : files) routing::add_tables(shared, file.tables);
  for (routing::RouteFile& file : files) {
    const std::vector<routing::TableSource> own = std::exchange(file.tables, shared.tables);
    for (routing::TableSource& table : file.tables)
      if (std::ranges::find(own, table.declared_in, &routing::TableSource::declared_in) == own.end())
        table.fault.clear();
  }
  if (!files.empty()) std::ranges::move(shared.errors, std::back_inserter(files.back().errors));
}

void show_route_report(const RouteCheckReport& report, std::ostream& out) {
  size_t wrong = report.errors.size();
  for (const RouteFileError& error : report.errors)
    out << printable(error.what, core::LineFeeds::kept) << '\n';
  for (const RouteCheck& check : report.routes) {
    if (!check.ok()) ++wrong;
    out << check.entry.file << ": " << printable(check.entry.name) << ": " << (check.ok() ? "ok" : "left out")
        << '\n';
    for (const auto& found : check.diagnostics)
      out << printable(routing::render(found, check.entry.text), core::LineFeeds::kept) << '\n';
  }
  for (const auto& note : report.without_effect)
    out << printable(routing::to_text(note), core::LineFeeds::kept) << '\n';
  out << report.routes.size() << (report.routes.size() == 1 ? " route, " : " routes, ") << wrong
      << (wrong == 1 ? " error\n" : " errors\n");
}

}  // namespace

int run_route_check(const std::vector<std::string>& files, bool json, std::ostream& out, std::ostream& err) {
  RouteCheckReport report;
  std::vector<routing::RouteFile> all;
  for (const std::string& path : files) std::ranges::move(read_route_files(path), std::back_inserter(all));
  share_tables(all);
  for (const routing::RouteFile& file : all) add(report, routing::check_routes(file));
  if (json) {
    out << routing::to_json(report) << '\n';
  } else {
    show_route_report(report, report.ok() ? out : err);
  }
  return report.ok() ? kExitOk : kExitFailed;
}

}  // namespace headgate::tools
