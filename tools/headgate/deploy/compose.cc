#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tools/headgate/deploy/health.h"
#include "tools/headgate/deploy/parts.h"
#include "tools/headgate/deploy/units.h"
#include "tools/headgate/deploy/yaml.h"

namespace headgate::tools {
namespace {

using ComposeJson = nlohmann::ordered_json;

// Compose puts variables into every text.
void double_dollars(ComposeJson& value) {
  if (value.is_structured()) {
    for (ComposeJson& inner : value) double_dollars(inner);
  } else if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 2))
      text.insert(at, "$");
  }
}

std::string_view restart_of(ModuleRestart restart) {
  switch (restart) {
    case ModuleRestart::always:
      return "always";
    case ModuleRestart::on_failure:
    case ModuleRestart::on_unhealthy:
      return "on-failure";
    case ModuleRestart::never:
      return "no";
  }
  return "";
}

// Reads "SOFT:HARD".
ComposeJson limits_of(const std::string& text) {
  const size_t colon = text.find(':');
  return {{"soft", core::parse_whole<int64_t>(text.substr(0, colon)).value_or(0)},
          {"hard", core::parse_whole<int64_t>(text.substr(colon + 1)).value_or(0)}};
}

void put_setting(ComposeJson& service, const EngineSetting& setting) {
  const PartNames& names = names_of(setting.part);
  const bool of_log = setting.part == EnginePart::log_driver || setting.part == EnginePart::log_option;
  ComposeJson& target = (of_log ? service["logging"] : service)[std::string(names.compose)];
  switch (names.shape) {
    case ComposeShape::text:
      target = setting.value;
      break;
    case ComposeShape::flag:
      target = true;
      break;
    case ComposeShape::number:
      target = core::parse_whole<int64_t>(setting.value).value_or(0);
      break;
    case ComposeShape::decimal:
      target = ComposeJson::parse(setting.value, nullptr, false);
      break;
    case ComposeShape::seconds:
      target = setting.value + "s";
      break;
    case ComposeShape::limits:
      target[setting.name] = limits_of(setting.value);
      break;
    case ComposeShape::list:
      target.push_back(setting.value);
      break;
    case ComposeShape::pairs:
      target[setting.name] = setting.value;
      break;
  }
}

// The engine's name of a volume that has one; empty for a path.
std::string volume_in(const std::string& bind) {
  const std::string source = bind.substr(0, bind.find(':'));
  const bool is_path =
      source.find('/') != std::string::npos || source.starts_with('.') || source.starts_with('~');
  return is_path || bind.find(':') == std::string::npos ? "" : source;
}

ComposeJson mount_of(const ModuleMount& mount) {
  ComposeJson json = {{"type", mount.type}};
  if (!mount.source.empty()) json["source"] = mount.source;
  json["target"] = mount.target;
  if (mount.read_only) json["read_only"] = true;
  if (!mount.propagation.empty()) json["bind"] = {{"propagation", mount.propagation}};
  if (mount.tmpfs_bytes > 0) json["tmpfs"] = {{"size", mount.tmpfs_bytes}};
  return json;
}

void put_network(ComposeJson& service, const EdgeModule& module, ComposeJson& networks) {
  const NetworkPlace place = network_of(module);
  if (!place.mode.empty()) service["network_mode"] = place.mode;
  for (const ModuleNetwork& network : place.networks) {
    networks[network.name] = {{"name", network.name}};
    ComposeJson& joined = service["networks"][network.name];
    joined = ComposeJson::object();
    if (!network.aliases.empty()) joined["aliases"] = network.aliases;
  }
}

ComposeJson service_of(const EdgeModule& module, const std::vector<EdgeModule>& modules) {
  ComposeJson service = {
      {"container_name", module.unit}, {"image", module.image}, {"restart", restart_of(module.restart)}};
  if (!module.pulls) service["pull_policy"] = "never";
  if (!module.running) service["profiles"] = {"stopped"};
  if (auto before = started_before(module, modules); !before.empty())
    service["depends_on"] = std::move(before);
  if (!module.entrypoint.empty()) service["entrypoint"] = module.entrypoint;
  if (!module.command.empty()) service["command"] = module.command;
  for (const EngineSetting& setting : module.settings)
    if (setting.part != EnginePart::network) put_setting(service, setting);
  for (const ModuleMount& mount : module.mounts) service["volumes"].push_back(mount_of(mount));
  if (ComposeJson health = compose_health(module.health); !health.is_null())
    service["healthcheck"] = std::move(health);
  return service;
}

}  // namespace

std::vector<RenderedFile> render_compose(const std::vector<EdgeModule>& modules, DeployNotes& notes) {
  ComposeJson services = ComposeJson::object();
  ComposeJson networks = ComposeJson::object();
  ComposeJson volumes = ComposeJson::object();
  for (const EdgeModule& module : modules) {
    note_restart(module, notes);
    ComposeJson& service = services[module.unit] = service_of(module, modules);
    put_network(service, module, networks);
    const auto keep = [&volumes](const std::string& name) {
      if (!name.empty()) volumes[name] = {{"name", name}};
    };
    for (const EngineSetting& setting : module.settings)
      if (setting.part == EnginePart::volume) keep(volume_in(setting.value));
    for (const ModuleMount& mount : module.mounts)
      if (mount.type == "volume") keep(mount.source);
  }
  ComposeJson file = {{"services", std::move(services)}};
  if (!networks.empty()) file["networks"] = std::move(networks);
  if (!volumes.empty()) file["volumes"] = std::move(volumes);
  double_dollars(file);
  return {{std::string(kComposeFile), std::string(kRendered) + "\n" + to_yaml(file)}};
}

}  // namespace headgate::tools
