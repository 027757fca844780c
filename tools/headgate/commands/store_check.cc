#include "store/report/check.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

void show_store_report(std::ostream& out, const std::string& dir, const store::StoreReport& report) {
  for (const store::StoreProblem& problem : report.problems)
    out << printable(problem.where) << ": " << printable(problem.what) << '\n';
  if (report.problem_count > report.problems.size())
    out << "… and " << report.problem_count - report.problems.size() << " more\n";
  out << dir << ": " << report.queues << " queues, " << report.waiting << " entries wait, "
      << report.index_rows << " index rows, " << report.blocks << " blocks, " << report.values << " values: ";
  if (report.sound())
    out << "sound\n";
  else
    out << report.problem_count << (report.problem_count == 1 ? " problem\n" : " problems\n");
}

}  // namespace

int run_store_check(const std::string& dir, bool json, std::ostream& out, std::ostream& err) {
  const auto report = store::check_store(dir);
  if (!report) {
    err << "headgate: " << report.error().what << '\n';
    return kExitFailed;
  }
  if (json)
    out << store::report_json(*report) << '\n';
  else
    show_store_report(out, dir, *report);
  return report->sound() ? kExitOk : kExitFailed;
}

}  // namespace headgate::tools
