// Parts of the command line for a file that declares subcommands of its own.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "tools/headgate/admin_client.h"

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
};

void add_bundle(const CommandTree& tree);  // commands/bundle
void add_config(const CommandTree& tree);  // commands/config
void add_doctor(const CommandTree& tree);  // commands/doctor
void add_import(const CommandTree& tree);  // commands/import
void add_past(const CommandTree& tree);    // commands/past

}  // namespace headgate::tools
