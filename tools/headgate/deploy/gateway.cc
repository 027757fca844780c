#include "tools/headgate/deploy/gateway.h"

#include <algorithm>
#include <array>

#include "routing/files/json_text.h"

namespace headgate::tools {
namespace {

constexpr std::string_view kSocketDirInside = "/run/iotedge";
constexpr std::string_view kApiVersion = "2018-06-28";

// A variable of the manifest with that name gives way.
void set_variable(EdgeModule& module, const std::string& name, const std::string& value) {
  std::erase_if(module.settings,
                [&](const EngineSetting& it) { return it.part == EnginePart::env && it.name == name; });
  module.settings.push_back({EnginePart::env, name, value});
}

bool has_mode(const EdgeModule& module, std::string_view mode) {
  return std::ranges::any_of(
             module.settings,
             [&](const EngineSetting& it) { return it.part == EnginePart::network && it.value == mode; }) ||
         std::ranges::any_of(module.networks, [&](const ModuleNetwork& it) { return it.name == mode; });
}

bool runs_as_somebody(const EdgeModule& module) {
  return std::ranges::any_of(module.settings, [](const EngineSetting& it) {
    return it.part == EnginePart::user || it.part == EnginePart::group;
  });
}

void introduce(const GatewayFacts& gateway, const std::string& generation_id, EdgeModule& module) {
  const std::string socket = std::string(kSocketDirInside) + "/workload.sock";
  const std::array<std::pair<std::string, std::string>, 8> variables = {{
      {"IOTEDGE_WORKLOADURI", "unix://" + socket},
      {"IOTEDGE_DEVICEID", gateway.device_id},
      {"IOTEDGE_MODULEID", module.name},
      {"IOTEDGE_MODULEGENERATIONID", generation_id},
      {"IOTEDGE_IOTHUBHOSTNAME", gateway.hub_host_name},
      {"IOTEDGE_GATEWAYHOSTNAME", gateway.gateway_name},
      {"IOTEDGE_AUTHSCHEME", "sasToken"},
      {"IOTEDGE_APIVERSION", std::string(kApiVersion)},
  }};
  for (const auto& [name, value] : variables) set_variable(module, name, value);
  module.mounts.push_back({.source = gateway.workload_dir + "/" + module.name + ".sock.d",
                           .target = std::string(kSocketDirInside)});
  if (!has_mode(module, "host") && !has_mode(module, "none"))
    module.settings.push_back({EnginePart::extra_host, "", gateway.gateway_name + ":host-gateway"});
}

std::string missing_of(const GatewayFacts& gateway) {
  std::string missing;
  const auto look = [&](const std::string& value, std::string_view key) {
    if (value.empty()) (missing += missing.empty() ? "" : ", ") += key;
  };
  look(gateway.device_id, "iot_edge.device_id");
  look(gateway.hub_host_name, "iot_edge.hub_host_name");
  look(gateway.gateway_name, "iot_edge.gateway_names");
  look(gateway.workload_dir, "iot_edge.workload_dir");
  return missing;
}

}  // namespace

void introduce_gateway(const GatewayFacts& gateway, EdgeDeployment& deployment) {
  const std::string base = R"(modulesContent.$edgeAgent["properties.desired"].modules)";
  if (const std::string missing = missing_of(gateway); !missing.empty()) {
    deployment.notes.left_out.push_back(
        {base, "no environment for fromEnvironment, as these are not known: " + missing +
                   "; name the hub's configuration by --config"});
    return;
  }
  for (EdgeModule& module : deployment.modules) {
    const auto found = gateway.generation_ids.find(module.name);
    if (found != gateway.generation_ids.end()) {
      introduce(gateway, found->second, module);
      const auto owner = gateway.socket_owners.find(module.name);
      if (owner != gateway.socket_owners.end() && !runs_as_somebody(module))
        deployment.notes.to_do.push_back(
            {routing::join_path(base, module.name),
             "its workload socket is for " + owner->second +
                 " alone: see that the image runs as that user, or give the container User or GroupAdd in createOptions"});
      continue;
    }
    deployment.notes.left_out.push_back(
        {routing::join_path(base, module.name),
         "no environment for fromEnvironment, as the hub does not know the module: headgate identity add " +
             gateway.device_id + "/" + module.name + ", then render again"});
  }
}

}  // namespace headgate::tools
