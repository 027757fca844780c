#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/headgate/commands/module/commands.h"
#include "tools/headgate/deploy/manifest.h"
#include "tools/headgate/deploy/quoting.h"
#include "tools/headgate/deploy/units.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

// The text of a file that `deploy render` has written; empty: there is none, or it is somebody else's.
std::string rendered_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.starts_with(kRendered) ? text : "";
}

// The program that a unit runs its container by.
std::string engine_in(const std::string& unit) {
  constexpr std::string_view kStart = "\nExecStart=";
  const size_t at = unit.find(kStart);
  if (at == std::string::npos) return "docker";
  const size_t begin = at + kStart.size();
  return unit.substr(begin, unit.find_first_of(" \n", begin) - begin);
}

// Who has the container of a unit; empty: nobody here.
std::string engine_of(const std::filesystem::path& dir, const std::string& unit) {
  const std::string name = std::string(kUnitPrefix) + unit;
  if (!rendered_text(dir / (name + ".container")).empty()) return "podman";
  if (const std::string text = rendered_text(dir / (name + ".service")); !text.empty())
    return engine_in(text);
  const std::string compose = rendered_text(dir / kComposeFile);
  return compose.find("container_name: " + yaml_quoted(unit) + "\n") == std::string::npos ? "" : "docker";
}

}  // namespace

core::Result<std::vector<std::string>> log_command(const ModuleLogOptions& options) {
  const std::string unit = unit_name_of(options.module);
  for (const std::string& dir : options.dirs) {
    const std::string engine = engine_of(dir, unit);
    if (engine.empty()) continue;
    std::vector<std::string> command = {engine, "logs"};
    if (options.follow) command.emplace_back("--follow");
    if (options.lines > 0) command.push_back("--tail=" + std::to_string(options.lines));
    command.push_back(unit);
    return command;
  }
  std::string looked;
  for (const std::string& dir : options.dirs) (looked += looked.empty() ? "" : ", ") += dir;
  return core::fail(core::Errc::not_found,
                    "no unit of module " + options.module +
                        " that headgate deploy render has written is in " + looked +
                        "; name their directory by --dir, or ask the engine that started it");
}

int run_module_logs(const ModuleLogOptions& options, std::ostream& err) {
  const auto command = log_command(options);
  if (!command) {
    err << "headgate: " << printable(command.error().what) << '\n';
    return kExitFailed;
  }
  std::vector<char*> argv;
  for (const std::string& word : *command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  err.flush();
  execvp(argv[0], argv.data());
  err << "headgate: " << printable((*command)[0]) << " cannot be run: " << std::strerror(errno) << '\n';
  return kExitFailed;
}

}  // namespace headgate::tools
