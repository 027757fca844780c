#include <algorithm>

#include "tools/headgate/deploy/health.h"
#include "tools/headgate/deploy/parts.h"
#include "tools/headgate/deploy/quoting.h"
#include "tools/headgate/deploy/units.h"

namespace headgate::tools {
namespace {

// A command over several lines, a word on each.
class CommandLines {
 public:
  explicit CommandLines(const std::string& engine) : text_(systemd_word(engine)) {}
  void add(const std::string& word) { text_ += " \\\n  " + systemd_word(word); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string run_command(const EdgeModule& module, const std::string& engine, bool podman,
                        DeployNotes& notes) {
  CommandLines run(engine);
  for (const char* word : {"run", "--rm"}) run.add(word);
  run.add("--name=" + module.unit);
  if (!module.pulls) run.add("--pull=never");
  const NetworkPlace place = network_of(module);
  if (!place.mode.empty()) run.add("--network=" + place.mode);
  for (const ModuleNetwork& network : place.networks) {
    run.add("--network=" + network.name);
    for (const std::string& alias : network.aliases) run.add("--network-alias=" + alias);
  }
  for (const EngineSetting& setting : module.settings) {
    if (setting.part == EnginePart::network || (podman && podman_lacks(module, setting, notes))) continue;
    const PartNames& names = names_of(setting.part);
    run.add(std::string(names.flag) + (names.shape == ComposeShape::flag ? "" : "=" + setting_text(setting)));
  }
  for (const ModuleMount& mount : module.mounts) run.add("--mount=" + mount_text(mount));
  for (const std::string& flag : health_flags(module.health)) run.add(flag);
  if (!module.entrypoint.empty()) run.add("--entrypoint=" + module.entrypoint[0]);
  run.add(module.image);
  for (size_t i = 1; i < module.entrypoint.size(); ++i) run.add(module.entrypoint[i]);
  for (const std::string& word : module.command) run.add(word);
  return run.text();
}

std::string head_of(const EdgeModule& module, const std::vector<EdgeModule>& modules, bool podman) {
  std::string after = "network-online.target headgated.service";
  if (!podman) after += " docker.service";
  for (const std::string& unit : started_before(module, modules))
    after += " " + std::string(kUnitPrefix) + unit + ".service";
  return std::string(kRendered) + "\n[Unit]\nDescription=" + systemd_line("IoT Edge module " + module.name) +
         "\nWants=network-online.target\nAfter=" + after + "\n" + (podman ? "" : "Wants=docker.service\n") +
         "StartLimitIntervalSec=0\n";
}

// Networks that are there already are left alone: the engine's error does not count.
std::string before_start(const EdgeModule& module, const std::string& engine) {
  std::string lines;
  const NetworkPlace place = network_of(module);
  for (const ModuleNetwork& network : place.networks)
    lines += "ExecStartPre=-" + systemd_word(engine) + " network create " + systemd_word(network.name) + "\n";
  return lines + "ExecStartPre=-" + systemd_word(engine) + " rm --force " + systemd_word(module.unit) + "\n";
}

void note_networks(const EdgeModule& module, bool podman, DeployNotes& notes) {
  if (!podman && network_of(module).networks.size() > 1)
    notes.to_do.push_back({module.name, "joins several networks, which docker run takes from version 25 on"});
}

}  // namespace

std::vector<RenderedFile> render_systemd(const std::vector<EdgeModule>& modules, const std::string& engine,
                                         DeployNotes& notes) {
  const bool podman = engine.find("podman") != std::string::npos;
  std::vector<RenderedFile> files;
  for (const EdgeModule& module : modules) {
    note_restart(module, notes);
    note_networks(module, podman, notes);
    const std::string_view restart = module.restart == ModuleRestart::always  ? "always"
                                     : module.restart == ModuleRestart::never ? "no"
                                                                              : "on-failure";
    const std::string program = systemd_word(engine);
    files.push_back({std::string(kUnitPrefix) + module.unit + ".service",
                     head_of(module, modules, podman) + "\n[Service]\nType=exec\n" +
                         before_start(module, engine) +
                         "ExecStart=" + run_command(module, engine, podman, notes) + "\nExecStop=" + program +
                         " stop " + systemd_word(module.unit) + "\nRestart=" + std::string(restart) +
                         "\nRestartSec=5\nTimeoutStartSec=900\n" +
                         (module.running ? "\n[Install]\nWantedBy=multi-user.target\n" : "")});
  }
  return files;
}

}  // namespace headgate::tools
