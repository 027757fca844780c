#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/config/commands.h"

namespace headgate::tools {
namespace {

struct ConfigArguments {
  std::string file;
  std::string other;
  ConfigShowOptions show;
};

void add_check(CLI::App& config, const CommandTree& tree, const std::shared_ptr<ConfigArguments>& arguments) {
  CLI::App* const check = config.add_subcommand(
      "check", "Read a configuration and the files that it names, and say all that is wrong");
  check->fallthrough();
  check->add_option("file", arguments->file, "The configuration")->required();
  check->callback([tree, arguments] {
    tree.run = [tree, arguments] {
      return run_config_check({ask_daemon, tree.out, tree.err, tree.json}, arguments->file);
    };
  });
}

void add_show(CLI::App& config, const CommandTree& tree, const std::shared_ptr<ConfigArguments>& arguments) {
  CLI::App* const show =
      config.add_subcommand("show", "The configuration in force, with every default filled in");
  show->fallthrough();
  show->add_option("--config", arguments->show.file, "The hub's configuration; default: the embedded one");
  show->add_flag("--changed", arguments->show.changed, "Only what differs from the defaults");
  show->add_flag("--origin", arguments->show.origin, "A table that says which file each value is from");
  show->callback([tree, arguments] {
    tree.run = [tree, arguments] {
      return run_config_show({ask_daemon, tree.out, tree.err, tree.json}, arguments->show);
    };
  });
}

void add_diff(CLI::App& config, const CommandTree& tree, const std::shared_ptr<ConfigArguments>& arguments) {
  CLI::App* const diff = config.add_subcommand(
      "diff", "What another configuration changes, and what of it takes a restart of the hub");
  diff->fallthrough();
  diff->add_option("old", arguments->file, "The configuration of before")->required();
  diff->add_option("new", arguments->other, "The other")->required();
  diff->callback([tree, arguments] {
    tree.run = [tree, arguments] {
      return run_config_diff({ask_daemon, tree.out, tree.err, tree.json}, arguments->file, arguments->other);
    };
  });
}

}  // namespace

void add_config(const CommandTree& tree) {
  CLI::App* const config =
      tree.app.add_subcommand("config", "What a configuration says, without a hub that runs");
  config->fallthrough();
  config->require_subcommand(1);
  const auto arguments = std::make_shared<ConfigArguments>();
  add_check(*config, tree, arguments);
  add_show(*config, tree, arguments);
  add_diff(*config, tree, arguments);
}

}  // namespace headgate::tools
