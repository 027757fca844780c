#include <CLI/CLI.hpp>

#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/import/commands.h"
#include "tools/headgate/import/mosquitto/import.h"
#include "tools/headgate/import/nanomq/import.h"

namespace headgate::tools {
namespace {

void add_importer(CLI::App& group, const CommandTree& tree, const std::string& broker,
                  const std::string& description, Importer importer) {
  const auto options = std::make_shared<ConfigImportOptions>();
  CLI::App* const sub = group.add_subcommand(broker, description);
  sub->fallthrough();
  sub->add_option("file", options->file, "Its configuration")->required();
  sub->add_option("-o,--out", options->out,
                  "The file to write, with files for passwords beside it; default: standard output");
  sub->add_flag("--force", options->force, "Overwrite files that are there");
  sub->callback([tree, options, importer] {
    tree.run = [tree, options, importer] {
      return run_import(importer, *options, tree.json, tree.out, tree.err);
    };
  });
}

}  // namespace

void add_import(const CommandTree& tree) {
  CLI::App* const group =
      tree.app.add_subcommand("import", "Make a configuration of another broker's, without a hub");
  group->fallthrough();
  group->require_subcommand(1);
  add_importer(*group, tree, "mosquitto", "Of mosquitto.conf, with its ACL file and bridges",
               import_mosquitto);
  add_importer(*group, tree, "nanomq", "Of nanomq.conf: HOCON, or the flat form before it", import_nanomq);
}

}  // namespace headgate::tools
