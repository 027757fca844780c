#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/change/commands.h"
#include "tools/headgate/commands/edge/commands.h"

namespace headgate::tools {
namespace {

struct EdgeArguments {
  std::string id;
  std::string json;
  MethodOptions method;
  DeviceSendOptions send;
  std::string expiry = "1h";
  bool payload = false;
  Consent consent;
};
using EdgeArgumentsPtr = std::shared_ptr<EdgeArguments>;

void add_id(CLI::App* sub, std::string& into) {
  sub->add_option("id", into, "The device, or DEVICE/MODULE")->required();
}

void add_twin_change(const CommandTree& tree, CLI::App& twin, const EdgeArgumentsPtr& arguments,
                     TwinChange how) {
  CLI::App* const sub =
      how == TwinChange::set
          ? tree.add(twin, "set", "Replace what is desired; a connected client is told what changed")
          : tree.add(twin, "patch", "Merge into what is desired (RFC 7396); null takes away");
  add_id(sub, arguments->id);
  CLI::Option* const json = sub->add_option("json", arguments->json, "JSON object; default: standard input");
  tree.on_hub(sub, [arguments, how, json](const Context& context) {
    const std::optional<std::string> text = json->count() > 0 ? std::optional(arguments->json) : std::nullopt;
    return run_twin_change(context, arguments->id, how, text, std::cin);
  });
}

void add_twin(const CommandTree& tree, const EdgeArgumentsPtr& arguments) {
  CLI::App& twin =
      *tree.add(tree.app, "twin", "What is desired of devices and modules, and what they report");
  twin.require_subcommand(1);
  CLI::App* const get = tree.add(twin, "get", "Both, with their versions");
  add_id(get, arguments->id);
  tree.on_hub(get, [arguments](const Context& context) { return run_twin_get(context, arguments->id); });
  add_twin_change(tree, twin, arguments, TwinChange::set);
  add_twin_change(tree, twin, arguments, TwinChange::patch);
}

void add_method(const CommandTree& tree, const EdgeArgumentsPtr& arguments) {
  CLI::App& method = *tree.add(tree.app, "method", "Direct methods of devices and modules");
  method.require_subcommand(1);
  CLI::App* const invoke = tree.add(method, "invoke", "Call one, and print what it answers");
  MethodOptions& options = arguments->method;
  add_id(invoke, options.id);
  invoke->add_option("name", options.name, "The method")->required();
  invoke->add_option("payload", options.payload, "JSON")->capture_default_str();
  invoke->add_option("--timeout", options.timeout_s, "Seconds to wait for the answer")
      ->check(CLI::Range(5u, 300u))
      ->capture_default_str();
  invoke->add_option("--connect-timeout", options.connect_timeout_s, "Seconds to wait for it to connect")
      ->check(CLI::Range(0u, 300u))
      ->capture_default_str();
  tree.on_hub(invoke,
              [arguments](const Context& context) { return run_method_invoke(context, arguments->method); });
}

void add_device(CLI::App* sub, std::string& into) {
  sub->add_option("device", into, "The device")->required();
}

void add_c2d_send(const CommandTree& tree, CLI::App& c2d, const EdgeArgumentsPtr& arguments) {
  CLI::App* const sub = tree.add(c2d, "send", "Store a message for a device, connected or not");
  DeviceSendOptions& send = arguments->send;
  add_device(sub, send.device);
  CLI::Option* const body = sub->add_option("body", send.body, "Its body; default: standard input, as it is");
  sub->add_option("--file", send.file, "File with the body")->excludes(body);
  sub->add_option("-p,--property", send.properties, "NAME=VALUE, as often as needed")
      ->allow_extra_args(false);
  sub->add_option("--message-id", send.message_id, "Its id");
  sub->add_option("--correlation-id", send.correlation_id, "Id that it belongs to");
  sub->add_option("--content-type", send.content_type, "Type of the body: text/plain");
  sub->add_option("--expiry", arguments->expiry,
                  "Dropped if the device has not taken it by then: 60s, 10m, 1h")
      ->capture_default_str();
  tree.on_hub(sub, [arguments](const Context& context) {
    const auto seconds = parse_seconds(arguments->expiry);
    if (!seconds) {
      context.err << "headgate: --expiry takes 60s, 10m or 1h, up to a day\n";
      return kExitUsage;
    }
    arguments->send.expiry_s = *seconds;
    return run_c2d_send(context, arguments->send, std::cin);
  });
}

void add_c2d(const CommandTree& tree, const EdgeArgumentsPtr& arguments) {
  CLI::App& c2d = *tree.add(tree.app, "c2d", "Messages to devices, as the cloud sends them");
  c2d.require_subcommand(1);
  add_c2d_send(tree, c2d, arguments);
  CLI::App* const ls = tree.add(c2d, "ls", "Messages that wait for a device");
  add_device(ls, arguments->id);
  ls->add_flag("--payload", arguments->payload, "Print the payloads, too");
  tree.on_hub(ls, [arguments](const Context& context) {
    return run_c2d_ls(context, arguments->id, arguments->payload);
  });
  CLI::App* const purge = tree.add(c2d, "purge", "Drop what waits for a device");
  add_device(purge, arguments->id);
  purge->add_flag("--yes", arguments->consent.yes, "Do not ask");
  tree.on_hub(purge, [arguments](const Context& context) {
    return run_c2d_purge(context, arguments->id, arguments->consent);
  });
}

}  // namespace

void add_edge(const CommandTree& tree) {
  const auto arguments = std::make_shared<EdgeArguments>();
  add_twin(tree, arguments);
  add_method(tree, arguments);
  add_c2d(tree, arguments);
}

}  // namespace headgate::tools
