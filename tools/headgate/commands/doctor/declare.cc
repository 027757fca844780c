#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/doctor/commands.h"

namespace headgate::tools {
void add_doctor(const CommandTree& tree) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* const sub = tree.app.add_subcommand(
      "doctor", "Look for the usual mistakes on a hub and its machine, and say what to do");
  sub->fallthrough();
  sub->add_option("--config", options->config,
                  "The hub's configuration: the files that it names are looked at, too");
  sub->callback([tree, options] {
    tree.run = [tree, options] {
      options->data = tree.data();
      const HubAddress at = tree.hub();
      options->socket = at.socket;
      options->hub = at.name();
      HttpAdminClient hub(at);
      return run_doctor({hub, ask_daemon, tree.out, tree.err, tree.json}, *options);
    };
  });
}

}  // namespace headgate::tools
