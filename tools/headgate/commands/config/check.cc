#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/config/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// `file: key: what`; a text that names its file itself has it once.
std::string line_of(const Json& finding) {
  const std::string file = text_of(finding, "file");
  const std::string key = text_of(finding, "key");
  const std::string what = text_of(finding, "what");
  if (key.empty() && what.starts_with(file)) return printable(what, core::LineFeeds::kept);
  return printable(file + ": " + (key.empty() ? "" : key + ": ") + what, core::LineFeeds::kept);
}

void show_check(const Json& check, std::ostream& out) {
  const Json& problems = member_of(check, "problems");
  const Json& warnings = member_of(check, "warnings");
  for (const Json& problem : problems) out << line_of(problem) << '\n';
  for (const Json& warning : warnings) out << "warning: " << line_of(warning) << '\n';
  out << printable(text_of(check, "file")) << ": " << (flag_of(check, "ok") ? "ok, " : "not ok, ")
      << counted(problems.size(), "problem") << ", " << counted(warnings.size(), "warning") << ", "
      << counted(number_of(check, "routes"), "route") << '\n';
}

}  // namespace

int run_config_check(const ConfigTool& tool, const std::string& file) {
  const auto answer = tool.ask({"--check", file, "--json"});
  const Json check = answer ? Json::parse(answer->out, nullptr, false) : Json();
  if (!check.is_object()) {
    tool.err << "headgate: "
             << printable(answer ? "headgated --check says nothing that this version reads: " + answer->err
                                 : answer.error().what)
             << '\n';
    return 1;
  }
  if (tool.json) {
    tool.out << check.dump() << '\n';
  } else {
    show_check(check, flag_of(check, "ok") ? tool.out : tool.err);
  }
  return flag_of(check, "ok") ? 0 : 1;
}

}  // namespace headgate::tools
