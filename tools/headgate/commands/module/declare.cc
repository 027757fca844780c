#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/module/commands.h"

namespace headgate::tools {

void add_module(const CommandTree& tree) {
  CLI::App* const group =
      tree.app.add_subcommand("module", "Modules: clients that are programs of this gateway");
  group->fallthrough();
  group->require_subcommand(1);
  tree.on_listing(
      tree.add(*group, "ls", "All modules, with their messages and connects since the hub's start"),
      run_module_ls, true);
  const auto options = std::make_shared<ModuleLogOptions>();
  CLI::App* const logs =
      tree.add(*group, "logs", "A module's own log, by the engine that headgate deploy render wrote for");
  logs->add_option("module", options->module, "Its name in the manifest")->required();
  logs->add_flag("-f,--follow", options->follow, "Go on with what it says next");
  logs->add_option("-n,--tail", options->lines, "Only the last so many lines");
  logs->add_option("--dir", options->dirs,
                   "Where the files are; default: here, /etc/containers/systemd and /etc/systemd/system")
      ->take_all();
  logs->callback([tree, options] {
    if (options->dirs.empty()) options->dirs = {".", "/etc/containers/systemd", "/etc/systemd/system"};
    tree.run = [tree, options] { return run_module_logs(*options, tree.err); };
  });
}

}  // namespace headgate::tools
