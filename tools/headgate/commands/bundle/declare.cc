#include <CLI/CLI.hpp>
#include <sstream>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/bundle/commands.h"
#include "tools/headgate/commands/doctor/commands.h"

namespace headgate::tools {
namespace {

std::string findings(AdminClient& hub, const DoctorOptions& options) {
  std::ostringstream out;
  std::ostringstream err;
  (void)run_doctor({hub, ask_daemon, out, err, true}, options);
  return out.str();
}

}  // namespace

void add_bundle(const CommandTree& tree) {
  const auto options = std::make_shared<BundleOptions>();
  CLI::App* const sub =
      tree.app.add_subcommand("bundle", "Make an archive for support, without payloads and secrets");
  sub->fallthrough();
  sub->add_option("file", options->out, "The archive to write, such as hub.tar.gz")->required();
  sub->add_option("--config", options->config, "The hub's configuration, to be in it without its secrets");
  sub->callback([tree, options] {
    tree.run = [tree, options] {
      const HubAddress at = tree.hub();
      HttpAdminClient hub(at);
      const DoctorOptions looked{
          .data = tree.data(), .config = options->config, .socket = at.socket, .hub = at.name()};
      return run_bundle({hub, ask_daemon, [&] { return findings(hub, looked); }, tree.out, tree.err},
                        *options);
    };
  });
}

}  // namespace headgate::tools
