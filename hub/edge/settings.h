// Key `iot_edge` of headgate.json: the gateway as modules and devices of Azure IoT know it. Defaults are the keys'.
#pragma once

#include <string>
#include <vector>

namespace headgate::hub {

struct IotEdgeSettings {
  std::string hub_host_name;               // of the cloud's hub, as in connection strings
  std::string device_id;                   // the gateway's own: its modules are those of this device
  std::vector<std::string> gateway_names;  // host names by which this machine is reached
  std::string identities_file;             // empty: see identities_path()

  friend bool operator==(const IotEdgeSettings&, const IotEdgeSettings&) = default;
};

}  // namespace headgate::hub
