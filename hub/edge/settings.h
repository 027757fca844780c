// Key `iot_edge` of headgate.json: the gateway as modules and devices of Azure IoT know it. Defaults are the keys'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/edge/id.h"

namespace headgate::hub {

// The hub itself, as a module of the gateway: it has a twin, and nobody connects as it. Routes that its twin has are of a file of
// that name.
inline constexpr std::string_view kEdgeHub = "$edgeHub";

struct IotEdgeSettings {
  std::string hub_host_name;               // of the cloud's hub, as in connection strings
  std::string device_id;                   // the gateway's own: its modules are those of this device
  std::vector<std::string> gateway_names;  // host names by which this machine is reached
  std::string identities_file;             // empty: see identities_path()
  std::string workload_dir;                // of the sockets of the workload API; empty: there is none
  std::string trust_bundle_file;           // empty: the authority in the listeners' chain

  friend bool operator==(const IotEdgeSettings&, const IotEdgeSettings&) = default;
};

// The gateway itself and its module $edgeHub: they have twins, and nobody registers them.
[[nodiscard]] inline bool is_own_edge_identity(const IotEdgeSettings& settings, const EdgeId& id) {
  const bool own = !settings.device_id.empty() && id.device == settings.device_id;
  return own && (!id.is_module() || id.module == kEdgeHub);
}

}  // namespace headgate::hub
