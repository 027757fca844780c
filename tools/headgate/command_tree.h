// Parts of the command line for a file that declares subcommands of its own.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "tools/headgate/admin_client.h"
#include "tools/headgate/commands/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headgate::tools {

struct CommandTree {
  CLI::App& app;
  std::ostream& out;
  std::ostream& err;
  const bool& json;
  std::function<int()>& run;          // whoever is chosen leaves here what is to be done
  std::function<HubAddress()> hub;    // the one that is meant; after parsing
  std::function<std::string()> data;  // its data directory; "": none was named

  // A command of `parent`.
  using Command = std::function<int(const Context& context)>;
  std::function<CLI::App*(CLI::App& parent, const std::string& name, const std::string& description)> add =
      nullptr;
  // Runs it on the hub; or, with --data, on the directory too; or again and again with --watch, and with the options of tables.
  std::function<void(CLI::App* sub, Command command)> on_hub = nullptr;
  std::function<void(CLI::App* sub, Command command)> on_hub_or_directory = nullptr;
  std::function<void(CLI::App* sub, Command command, bool sorts)> on_listing = nullptr;
};

void add_bundle(const CommandTree& tree);    // commands/bundle
void add_ca(const CommandTree& tree);        // commands/ca
void add_change(const CommandTree& tree);    // commands/change
void add_config(const CommandTree& tree);    // commands/config
void add_deploy(const CommandTree& tree);    // commands/deploy
void add_doctor(const CommandTree& tree);    // commands/doctor
void add_edge(const CommandTree& tree);      // commands/edge
void add_identity(const CommandTree& tree);  // commands/identity
void add_import(const CommandTree& tree);    // commands/import
void add_module(const CommandTree& tree);    // commands/module
void add_past(const CommandTree& tree);      // commands/past
void add_queue(const CommandTree& tree);     // commands/queue

}  // namespace headgate::tools
