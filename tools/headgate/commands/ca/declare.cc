#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/ca/commands.h"

namespace headgate::tools {
namespace {

CLI::App* add_ca_command(CLI::App& group, const std::string& name, const std::string& description,
                         const std::shared_ptr<CaOptions>& options) {
  CLI::App* const sub = group.add_subcommand(name, description);
  sub->fallthrough();
  sub->add_option("--dir", options->dir, "Where its files are; default: ca in the data directory");
  return sub;
}

void run_with_dir(const CommandTree& tree, CLI::App* sub, const std::shared_ptr<CaOptions>& options,
                  std::function<int(const CaTool&)> command) {
  sub->callback([tree, options, command = std::move(command)] {
    if (options->dir.empty()) options->dir = (tree.data().empty() ? "./headgate-data" : tree.data()) + "/ca";
    tree.run = [tree, command] { return command({ask_daemon, tree.out, tree.err}); };
  });
}

}  // namespace

void add_ca(const CommandTree& tree) {
  CLI::App* const group =
      tree.app.add_subcommand("ca", "The gateway's own authority, for its listeners with TLS");
  group->fallthrough();
  group->require_subcommand(1);
  const auto options = std::make_shared<CaOptions>();
  CLI::App* const init = add_ca_command(
      *group, "init", "Make an authority and the listeners' certificate; overwrites nothing", options);
  init->add_option("--name", options->names, "A host name or address of this gateway; may be repeated")
      ->required();
  run_with_dir(tree, init, options,
               [options](const CaTool& tool) { return run_ca_verb(tool, "init", *options); });
  CLI::App* const print = add_ca_command(
      *group, "export", "Print the authority's certificate, for modules and devices to trust", options);
  run_with_dir(tree, print, options, [options](const CaTool& tool) { return run_ca_export(tool, *options); });
  CLI::App* const renew = add_ca_command(
      *group, "renew", "Make the listeners' certificate anew under the same authority", options);
  renew->add_option("--name", options->names, "Names in the place of those that it has");
  run_with_dir(tree, renew, options,
               [options](const CaTool& tool) { return run_ca_verb(tool, "renew", *options); });
}

}  // namespace headgate::tools
