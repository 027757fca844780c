#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "routing/selection/message_filter.h"
#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/queue/commands.h"
#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

struct QueueOptions {
  PeekOptions peek;
  SearchOptions search;
  QueueTailOptions tail;
  QueueImportOptions import;
  std::string queue;
  Consent consent;
};
using OptionsPtr = std::shared_ptr<QueueOptions>;

constexpr std::pair<const char*, const char*> kFilterHelp[] = {
    {"topic", "Only those whose topic matches this MQTT filter"},
    {"client", "Only those of this client id"},
    {"device", "Only those of this device"},
    {"module", "Only those of this module"},
    {"property", "Only those with this user property: NAME or NAME=VALUE"},
    {"since", "Only those that arrived from then on: 90m, 1h, 2d ago, or an ISO time"},
    {"until", "Only those that arrived before"},
    {"contains", "Only those whose body has this text somewhere"},
    {"where", "Only those for which this condition of the route language holds"}};

void add_filter(CLI::App* sub, const OptionsPtr& options) {
  for (const auto& [name, help] : kFilterHelp)
    sub->add_option_function<std::string>(
        std::string("--") + name,
        [options, name = std::string(name)](const std::string& value) {
          options->search.filter[name] = value;
        },
        help);
  sub->add_option("--rows", options->search.rows, "Look at so many at a time")
      ->check(CLI::Range(uint64_t{1}, uint64_t{10'000'000}))
      ->capture_default_str();
  sub->add_option("--cursor", options->search.cursor, "Go on from there, as an answer before has said");
}

void add_priority(CLI::App* sub, std::optional<int>& into) {
  sub->add_option("--priority", into, "Only this one: 0 to 9, or 10 for messages without")
      ->check(CLI::Range(0, 10));
}

void add_name(CLI::App* sub, std::string& into) {
  sub->add_option("queue", into, "Name of the queue")->required();
}

// With a filter or a cursor it is a search, which says how far it got.
void add_peek(const CommandTree& tree, CLI::App& queue, const OptionsPtr& options) {
  CLI::App* const peek =
      tree.add(queue, "peek", "The oldest messages that wait in a queue, or those that a filter takes");
  add_name(peek, options->peek.queue);
  add_priority(peek, options->peek.priority);
  peek->add_option("--after", options->peek.after, "Only messages with a seq greater than this");
  peek->add_option("-n,--count,--limit", options->peek.count, "How many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  peek->add_flag("--payload", options->peek.payload, "Print the payloads, too");
  add_filter(peek, options);
  peek->add_option("--time-ms", options->search.time_ms, "Look for so long at a time")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  tree.on_hub_or_directory(peek, [options](const Context& context) {
    if (options->search.filter.empty() && options->search.cursor.empty())
      return run_queue_peek(context, options->peek);
    SearchOptions search = options->search;
    search.queue = options->peek.queue;
    search.priority = options->peek.priority;
    search.limit = options->peek.count;
    search.payload = options->peek.payload;
    return run_queue_search(context, search);
  });
}

void add_export(const CommandTree& tree, CLI::App& queue, const OptionsPtr& options) {
  CLI::App* const sub =
      tree.add(queue, "export", "What waits in a queue, a JSON object a line, with all that an import needs");
  add_name(sub, options->search.queue);
  add_priority(sub, options->search.priority);
  add_filter(sub, options);
  tree.on_hub_or_directory(sub, [options](const Context& context) {
    const Interrupt interrupt;
    return run_queue_export(context, options->search, Interrupt::requested);
  });
}

void add_queue_import(const CommandTree& tree, CLI::App& queue, const OptionsPtr& options) {
  CLI::App* const sub =
      tree.add(queue, "import", "Put what queue export has printed into a queue, each line once");
  add_name(sub, options->import.queue);
  sub->add_option("file", options->import.file, "The file, or - for standard input")->required();
  sub->add_option("--id", options->import.id,
                  "Name by which it is known again; default: the hash of the file");
  tree.on_hub(sub, [options](const Context& context) {
    return run_queue_import(context, options->import, std::cin);
  });
}

void add_purge(const CommandTree& tree, CLI::App& queue, const OptionsPtr& options) {
  CLI::App* const sub =
      tree.add(queue, "purge", "Drop everything that waits in a queue, or what a filter takes");
  add_name(sub, options->search.queue);
  add_priority(sub, options->search.priority);
  add_filter(sub, options);
  sub->add_flag("--yes", options->consent.yes, "Do not ask");
  tree.on_hub(sub, [options](const Context& context) {
    const SearchOptions& search = options->search;
    if (search.filter.empty() && search.cursor.empty() && !search.priority)
      return run_queue_purge(context, search.queue, options->consent);
    return run_queue_purge_some(context, search, options->consent);
  });
}

void add_pause(const CommandTree& tree, CLI::App& queue, const OptionsPtr& options, bool paused) {
  CLI::App* const sub =
      paused ? tree.add(queue, "pause", "Have a queue take in and hand out nothing, over any restart")
             : tree.add(queue, "resume", "Have a paused queue hand out again");
  add_name(sub, options->queue);
  tree.on_hub(sub, [options, paused](const Context& context) {
    return run_queue_pause(context, options->queue, paused);
  });
}

}  // namespace

void add_queue(const CommandTree& tree) {
  const auto options = std::make_shared<QueueOptions>();
  CLI::App& queue = *tree.add(tree.app, "queue", "What is kept for an endpoint or a session");
  queue.require_subcommand(1);
  tree.on_listing(tree.add(queue, "ls", "All queues with their accounts"), run_queue_ls, true);
  add_peek(tree, queue, options);
  CLI::App* const tail = tree.add(queue, "tail", "Messages as they enter a queue, until interrupted");
  add_name(tail, options->tail.queue);
  tail->add_flag("--payload", options->tail.payload, "Print the payloads, too");
  tree.on_hub(tail, [options](const Context& context) { return run_queue_tail(context, options->tail); });
  add_export(tree, queue, options);
  add_queue_import(tree, queue, options);
  CLI::App* const requeue = tree.add(queue, "requeue", "Put the dead letters of a queue back into it");
  add_name(requeue, options->queue);
  requeue->add_flag("--yes", options->consent.yes, "Do not ask");
  tree.on_hub(requeue, [options](const Context& context) {
    return run_queue_requeue(context, options->queue, options->consent);
  });
  add_purge(tree, queue, options);
  add_pause(tree, queue, options, true);
  add_pause(tree, queue, options, false);
}

}  // namespace headgate::tools
