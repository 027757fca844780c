#include <CLI/CLI.hpp>

#include "core/system_clock.h"
#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/identity/commands.h"

namespace headgate::tools {
namespace {

struct IdentityArguments {
  IdentityPlace place;
  std::string id;
  IdentityAddOptions added;
  IdentityRotateOptions rotated;
  IdentityRemoveOptions removed;
  ConnectionStringOptions printed;
};
using Arguments = std::shared_ptr<IdentityArguments>;

// Declares a verb; `run` is called with the file that is meant.
CLI::App* identity_verb(CLI::App& group, const CommandTree& tree, const Arguments& arguments,
                        const std::string& name, const std::string& description,
                        const std::function<int(const IdentityTool&, const IdentityPlace&)>& run) {
  CLI::App* const sub = tree.add(group, name, description);
  sub->add_option(
      "--file", arguments->place.file,
      "The file of identities; default: that of the configuration, else identities.json in the data directory");
  sub->add_option("--config", arguments->place.config, "The hub's configuration; default: the embedded one");
  sub->callback([tree, arguments, run] {
    tree.run = [tree, arguments, run] {
      IdentityPlace place = arguments->place;
      place.data_dir = tree.data();
      return run({ask_daemon, tree.out, tree.err, tree.json, core::SystemClock().now().wall_ms}, place);
    };
  });
  return sub;
}

void take_id(CLI::App* sub, const Arguments& arguments) {
  sub->add_option("id", arguments->id, "The device, or the module as DEVICE/MODULE")->required();
}

void declare_add(CLI::App& group, const CommandTree& tree, const Arguments& arguments) {
  CLI::App* const sub =
      identity_verb(group, tree, arguments, "add",
                    "Register a module or a device; two keys are made unless it has something of its own",
                    [arguments](const IdentityTool& tool, const IdentityPlace& place) {
                      arguments->added.place = place;
                      arguments->added.id = arguments->id;
                      return run_identity_add(tool, arguments->added);
                    });
  take_id(sub, arguments);
  IdentityProof& proof = arguments->added.proof;
  sub->add_option("--primary-key-file", proof.primary_key_file,
                  "File whose first line is the primary key, in base64");
  sub->add_option("--secondary-key-file", proof.secondary_key_file, "The same of the secondary key");
  sub->add_option("--thumbprint", proof.thumbprints,
                  "SHA-1 or SHA-256 of its certificate, in hex; once or twice");
  sub->add_option("--ca-file", proof.ca_file, "Authority (PEM) that has signed its certificate");
  sub->add_option("--cn", proof.common_name, "Common name in that certificate; default: the device's id");
  sub->add_flag("--disabled", arguments->added.disabled, "Let it in only once the file says otherwise");
  sub->add_option("--generation-id", arguments->added.generation_id,
                  "Generation id of the cloud's; default: a new one");
  sub->add_option("--socket-owner", arguments->added.socket_owner,
                  "Whose a module's workload socket is: USER, USER:GROUP or :GROUP; default: the hub's");
  sub->add_option("--socket-mode", arguments->added.socket_mode,
                  "Its mode, such as 0660; default: 0660 with an owner, else 0666");
}

void declare_rm(CLI::App& group, const CommandTree& tree, const Arguments& arguments) {
  CLI::App* const sub =
      identity_verb(group, tree, arguments, "rm",
                    "Remove a module or a device; what the hub holds of it stays for when it is added again",
                    [tree, arguments](const IdentityTool& tool, const IdentityPlace& place) {
                      HttpAdminClient hub(arguments->removed.purge ? tree.hub() : HubAddress{});
                      arguments->removed.place = place;
                      arguments->removed.id = arguments->id;
                      return run_identity_rm(tool, arguments->removed, hub);
                    });
  take_id(sub, arguments);
  sub->add_flag("--purge", arguments->removed.purge,
                "Have the hub drop its session, its twin and the messages to it, too");
}

void declare_rotate(CLI::App& group, const CommandTree& tree, const Arguments& arguments) {
  CLI::App* const sub = identity_verb(group, tree, arguments, "rotate",
                                      "Make a new primary key; the one before becomes the secondary",
                                      [arguments](const IdentityTool& tool, const IdentityPlace& place) {
                                        arguments->rotated.place = place;
                                        arguments->rotated.id = arguments->id;
                                        return run_identity_rotate(tool, arguments->rotated);
                                      });
  take_id(sub, arguments);
  sub->add_option("--primary-key-file", arguments->rotated.primary_key_file,
                  "Take the new key from the first line of a file");
  sub->add_flag("--both", arguments->rotated.both,
                "Make a new secondary key, too: who has an old one is out");
}

void declare_connection_string(CLI::App& group, const CommandTree& tree, const Arguments& arguments) {
  CLI::App* const sub = identity_verb(group, tree, arguments, "connection-string",
                                      "Print what to paste into a module or device; it holds the key",
                                      [arguments](const IdentityTool& tool, const IdentityPlace& place) {
                                        arguments->printed.place = place;
                                        arguments->printed.id = arguments->id;
                                        return run_identity_connection_string(tool, arguments->printed);
                                      });
  take_id(sub, arguments);
  sub->add_option("--hub-host-name", arguments->printed.hub_host_name,
                  "The cloud hub's host name; default: iot_edge.hub_host_name");
  sub->add_option("--gateway", arguments->printed.gateway,
                  "This gateway's host name; default: the first of iot_edge.gateway_names");
  sub->add_flag("--secondary", arguments->printed.secondary, "With the secondary key");
}

}  // namespace

void add_identity(const CommandTree& tree) {
  CLI::App* const group =
      tree.add(tree.app, "identity", "Modules and devices of IoT Edge that may come in, in their file");
  group->require_subcommand(1);
  const auto arguments = std::make_shared<IdentityArguments>();
  declare_add(*group, tree, arguments);
  identity_verb(
      *group, tree, arguments, "ls", "Show who is registered; never a key",
      [](const IdentityTool& tool, const IdentityPlace& place) { return run_identity_ls(tool, place); });
  declare_rm(*group, tree, arguments);
  declare_rotate(*group, tree, arguments);
  declare_connection_string(*group, tree, arguments);
}

}  // namespace headgate::tools
