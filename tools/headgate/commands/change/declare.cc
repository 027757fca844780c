#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/change/commands.h"

namespace headgate::tools {
namespace {

struct ChangeArguments {
  ChangeOptions options;
  std::string within;
  bool confirm = false;
};

int apply_as_said(const Context& context, ChangeArguments arguments) {
  if (arguments.confirm) return run_change_confirm(context);
  if (arguments.options.file.empty()) {
    context.err << "headgate: name the new configuration, or say --confirm\n";
    return kExitUsage;
  }
  if (!arguments.within.empty()) {
    const auto seconds = parse_seconds(arguments.within);
    if (!seconds) {
      context.err << "headgate: --confirm-within takes 60s, 10m or 1h, up to a day\n";
      return kExitUsage;
    }
    arguments.options.confirm_within_s = *seconds;
  }
  return run_change_apply(context, arguments.options);
}

void run_with_hub(const CommandTree& tree, CLI::App* sub, std::function<int(const Context&)> command) {
  sub->fallthrough();
  sub->callback([tree, command = std::move(command)] {
    tree.run = [tree, command] {
      HttpAdminClient client(tree.hub());
      return command({client, tree.out, tree.err, tree.json});
    };
  });
}

}  // namespace

void add_change(const CommandTree& tree) {
  const auto arguments = std::make_shared<ChangeArguments>();
  CLI::App* const plan = tree.app.add_subcommand("plan", "What a new configuration would do, before it does");
  plan->add_option("file", arguments->options.file, "The new headgate.json")->required();
  run_with_hub(tree, plan,
               [arguments](const Context& context) { return run_plan(context, arguments->options.file); });
  CLI::App* const apply =
      tree.app.add_subcommand("apply", "Put a new configuration in force, whole or not at all");
  apply->add_option("file", arguments->options.file, "The new headgate.json");
  apply->add_option("--fingerprint", arguments->options.fingerprint,
                    "That of the plan: refused if anything has changed since");
  apply->add_flag("--restart", arguments->options.restart, "Also if keys take a restart of the hub");
  apply->add_option("--confirm-within", arguments->within,
                    "Roll back if nobody says apply --confirm by then: 60s, 10m, 1h");
  apply->add_flag("--confirm", arguments->confirm, "The change that waits for it stays");
  run_with_hub(tree, apply,
               [arguments](const Context& context) { return apply_as_said(context, *arguments); });
}

}  // namespace headgate::tools
