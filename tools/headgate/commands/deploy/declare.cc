#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/deploy/commands.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

void add_render(CLI::App& group, const CommandTree& tree) {
  const auto options = std::make_shared<RenderOptions>();
  CLI::App* const sub =
      group.add_subcommand("render", "Make units of a deployment manifest's modules, without a hub");
  sub->fallthrough();
  sub->add_option("manifest", options->manifest, "The deployment manifest of IoT Edge")->required();
  sub->add_option("--to", options->to, "Who is to start them: compose, quadlet (Podman) or systemd")
      ->required()
      ->check(CLI::IsMember({"compose", "quadlet", "systemd"}));
  sub->add_option("--out", options->out, "The directory for the files; default: all to standard output");
  sub->add_flag("--force", options->force, "Overwrite files that are there");
  sub->add_option("--config", options->config,
                  "The hub's configuration, whose iot_edge the modules are told");
  sub->add_option("--gateway", options->gateway,
                  "Host name by which modules reach the hub; default: the first of iot_edge.gateway_names");
  sub->add_option("--identities", options->identities,
                  "The hub's identities; default: as its configuration says");
  sub->add_option("--engine", options->engine, "Program that systemd units run: that of Docker or Podman")
      ->capture_default_str();
  sub->callback([tree, options] {
    tree.run = [tree, options] {
      return run_deploy_render({read_text, ask_daemon, tree.out, tree.err, tree.json}, *options);
    };
  });
}

void add_deploy_diff(CLI::App& group, const CommandTree& tree) {
  const auto files = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* const sub =
      group.add_subcommand("diff", "What a new deployment manifest changes; exit code 1 if anything");
  sub->fallthrough();
  sub->add_option("old", files->first, "The manifest of before")->required();
  sub->add_option("new", files->second, "The other")->required();
  sub->callback([tree, files] {
    tree.run = [tree, files] {
      return run_deploy_diff({read_text, ask_daemon, tree.out, tree.err, tree.json}, files->first,
                             files->second);
    };
  });
}

}  // namespace

void add_deploy(const CommandTree& tree) {
  CLI::App* const group = tree.app.add_subcommand(
      "deploy", "Deployment manifests of IoT Edge, for an engine that starts containers");
  group->fallthrough();
  group->require_subcommand(1);
  add_render(*group, tree);
  add_deploy_diff(*group, tree);
}

}  // namespace headgate::tools
