// Values of the gateway that each module has to be told, so that the SDK's fromEnvironment finds the hub.
#pragma once

#include <map>
#include <string>

#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

struct GatewayFacts {
  std::string device_id = {};                              // iot_edge.device_id
  std::string hub_host_name = {};                          // iot_edge.hub_host_name
  std::string gateway_name = {};                           // a name of iot_edge.gateway_names
  std::string workload_dir = {};                           // iot_edge.workload_dir
  std::map<std::string, std::string> generation_ids = {};  // of the gateway's modules
  std::map<std::string, std::string> socket_owners =
      {};  // of those whose workload socket is for somebody alone
};

// Adds to each module its environment, the directory with its own workload socket, and the gateway's name for containers. What is
// not known is named among the notes.
void introduce_gateway(const GatewayFacts& gateway, EdgeDeployment& deployment);

}  // namespace headgate::tools
