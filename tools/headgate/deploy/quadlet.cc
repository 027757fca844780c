#include <algorithm>
#include <set>

#include "tools/headgate/deploy/health.h"
#include "tools/headgate/deploy/parts.h"
#include "tools/headgate/deploy/quoting.h"
#include "tools/headgate/deploy/units.h"

namespace headgate::tools {
namespace {

// Values of these keys are split into words, so that quotes are read in them.
bool takes_words(std::string_view key) { return key == "Environment" || key == "Label" || key == "Sysctl"; }

std::string podman_args(const std::string& argument) { return "PodmanArgs=" + systemd_word(argument) + "\n"; }

std::string setting_line(const EngineSetting& setting) {
  const PartNames& names = names_of(setting.part);
  const std::string text = setting_text(setting);
  if (names.shape == ComposeShape::flag) return podman_args(std::string(names.flag));
  if (takes_words(names.quadlet)) return std::string(names.quadlet) + "=" + systemd_word(text) + "\n";
  if (!names.quadlet.empty() && is_plain_word(text)) return std::string(names.quadlet) + "=" + text + "\n";
  return podman_args(std::string(names.flag) + "=" + text);
}

std::string network_lines(const EdgeModule& module) {
  const NetworkPlace place = network_of(module);
  if (!place.mode.empty()) return podman_args("--network=" + place.mode);
  std::string lines;
  for (const ModuleNetwork& network : place.networks) {
    lines += "Network=" + std::string(kUnitPrefix) + network.name + ".network\n";
    for (const std::string& alias : network.aliases) lines += podman_args("--network-alias=" + alias);
  }
  return lines;
}

std::string exec_lines(const EdgeModule& module) {
  std::string words;
  const auto append = [&words](const std::string& word) {
    (words += words.empty() ? "" : " ") += systemd_word(word);
  };
  for (size_t i = 1; i < module.entrypoint.size(); ++i) append(module.entrypoint[i]);
  for (const std::string& word : module.command) append(word);
  const std::string entry =
      module.entrypoint.empty() ? "" : podman_args("--entrypoint=" + module.entrypoint[0]);
  return entry + (words.empty() ? "" : "Exec=" + words + "\n");
}

std::string container_section(const EdgeModule& module, DeployNotes& notes) {
  std::string text = "\n[Container]\nContainerName=" + module.unit + "\nImage=" + module.image + "\n";
  if (!module.pulls) text += podman_args("--pull=never");
  text += network_lines(module);
  for (const EngineSetting& setting : module.settings)
    if (setting.part != EnginePart::network && !podman_lacks(module, setting, notes))
      text += setting_line(setting);
  for (const ModuleMount& mount : module.mounts) text += podman_args("--mount=" + mount_text(mount));
  for (const std::string& flag : health_flags(module.health)) text += podman_args(flag);
  return text + exec_lines(module);
}

std::string service_section(const EdgeModule& module) {
  const std::string_view restart = module.restart == ModuleRestart::always  ? "always"
                                   : module.restart == ModuleRestart::never ? "no"
                                                                            : "on-failure";
  // The image may have to be pulled over a slow line.
  return "\n[Service]\nRestart=" + std::string(restart) + "\nRestartSec=5\nTimeoutStartSec=900\n" +
         (module.running ? "\n[Install]\nWantedBy=multi-user.target\n" : "");
}

std::string unit_section(const EdgeModule& module, const std::vector<EdgeModule>& modules) {
  std::string after = "network-online.target headgated.service";
  for (const std::string& unit : started_before(module, modules))
    after += " " + std::string(kUnitPrefix) + unit + ".service";
  return std::string(kRendered) + "\n[Unit]\nDescription=" + systemd_line("IoT Edge module " + module.name) +
         "\nWants=network-online.target\nAfter=" + after + "\nStartLimitIntervalSec=0\n";
}

RenderedFile network_file(const std::string& name) {
  return {std::string(kUnitPrefix) + name + ".network",
          std::string(kRendered) + "\n[Network]\nNetworkName=" + name + "\n"};
}

}  // namespace

std::vector<RenderedFile> render_quadlet(const std::vector<EdgeModule>& modules, DeployNotes& notes) {
  std::vector<RenderedFile> files;
  std::set<std::string> networks;
  for (const EdgeModule& module : modules) {
    note_restart(module, notes);
    files.push_back(
        {std::string(kUnitPrefix) + module.unit + ".container",
         unit_section(module, modules) + container_section(module, notes) + service_section(module)});
    const NetworkPlace place = network_of(module);
    for (const ModuleNetwork& network : place.networks) networks.insert(network.name);
  }
  for (const std::string& name : networks) files.push_back(network_file(name));
  return files;
}

}  // namespace headgate::tools
