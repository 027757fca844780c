#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/past/commands.h"

namespace headgate::tools {
namespace {

bool wait_a_second() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return true;
}

void add_why(const CommandTree& tree) {
  const auto options = std::make_shared<WhyOptions>();
  CLI::App* const sub = tree.app.add_subcommand(
      "why", "The life of one message; without an id, the last messages with their ids");
  sub->fallthrough();
  sub->add_option("id", options->id,
                  "Its seq, upstream id (HUB/EPOCH/SEQ), number (r17), or the id its sender gave ($.mid)");
  sub->add_option("--filter", options->filter, "Of the list: only topics that match");
  sub->add_option("-n,--count", options->count, "Of the list: how many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  sub->add_flag("--payload", options->payload, "Print the payload, too");
  tree.on_hub_or_directory(sub, [options](const Context& context) { return run_why(context, *options); });
}

void add_events(const CommandTree& tree) {
  const auto options = std::make_shared<EventsOptions>();
  CLI::App* const sub = tree.app.add_subcommand("events", "The last events of the hub's log");
  sub->fallthrough();
  sub->add_option("--level", options->level, "Only these and worse")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  sub->add_option("--event", options->event, "Only of this name");
  sub->add_option("-n,--count", options->count, "How many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  sub->add_flag("-f,--follow", options->follow, "Go on, looking every second, until interrupted");
  sub->callback([tree, options] {
    tree.run = [tree, options] {
      HttpAdminClient hub(tree.hub());
      return run_events({hub, tree.out, tree.err, tree.json}, *options, wait_a_second);
    };
  });
}

}  // namespace

void add_past(const CommandTree& tree) {
  add_why(tree);
  add_events(tree);
}

}  // namespace headgate::tools
