#include "tools/headgate/deploy/units.h"

#include <algorithm>
#include <array>

#include "routing/files/json_text.h"
#include "tools/headgate/deploy/quoting.h"

namespace headgate::tools {
namespace {

constexpr std::array<std::string_view, 5> kPodmanLogDrivers = {"journald", "json-file", "k8s-file", "none",
                                                               "passthrough"};

void lose(const EdgeModule& module, const std::string& what, DeployNotes& notes) {
  notes.left_out.push_back(
      {routing::join_path(R"(modulesContent.$edgeAgent["properties.desired"].modules)", module.name), what});
}

bool is_mode(std::string_view name) {
  return name == "host" || name == "none" || name == "bridge" || name == "default" ||
         name.starts_with("container:");
}

}  // namespace

NetworkPlace network_of(const EdgeModule& module) {
  NetworkPlace place;
  const auto join = [&place](const ModuleNetwork& network) {
    if (is_mode(network.name)) {
      place.mode = network.name == "default" ? "bridge" : network.name;
    } else if (std::ranges::find(place.networks, network.name, &ModuleNetwork::name) ==
               place.networks.end()) {
      place.networks.push_back(network);
    }
  };
  for (const ModuleNetwork& network : module.networks) join(network);
  for (const EngineSetting& setting : module.settings)
    if (setting.part == EnginePart::network) join({setting.value});
  if (!place.mode.empty()) place.networks.clear();
  if (place.mode.empty() && place.networks.empty()) place.networks.push_back({std::string(kModuleNetwork)});
  return place;
}

std::vector<std::string> started_before(const EdgeModule& module, const std::vector<EdgeModule>& modules) {
  std::vector<std::string> units;
  for (const EdgeModule& other : modules)
    if (other.running && other.startup_order < module.startup_order) units.push_back(other.unit);
  return units;
}

bool podman_lacks(const EdgeModule& module, const EngineSetting& setting, DeployNotes& notes) {
  if (setting.part == EnginePart::runtime) {
    lose(module, "Runtime: Podman has none of one container: set runtime in containers.conf", notes);
    return true;
  }
  if (setting.part == EnginePart::domain_name) {
    lose(module, "Domainname: Podman has no counterpart: put it into Hostname", notes);
    return true;
  }
  const bool unknown_log = setting.part == EnginePart::log_driver &&
                           std::ranges::find(kPodmanLogDrivers, setting.value) == kPodmanLogDrivers.end();
  if (unknown_log) lose(module, "LogConfig.Type: Podman knows no such driver, and takes its own", notes);
  return unknown_log;
}

void note_restart(const EdgeModule& module, DeployNotes& notes) {
  if (module.restart == ModuleRestart::on_unhealthy)
    lose(module, "restartPolicy: on-unhealthy is on-failure here: nobody restarts a container for its health",
         notes);
}

std::string mount_text(const ModuleMount& mount) {
  std::string text = "type=" + mount.type;
  if (!mount.source.empty()) text += "," + csv_field("source=" + mount.source);
  text += "," + csv_field("target=" + mount.target);
  if (mount.read_only) text += ",readonly";
  if (!mount.propagation.empty()) text += "," + csv_field("bind-propagation=" + mount.propagation);
  if (mount.tmpfs_bytes > 0) text += ",tmpfs-size=" + std::to_string(mount.tmpfs_bytes);
  return text;
}

}  // namespace headgate::tools
