// Keys of the dialect of IoT Edge.
#include "hub/config/config.h"
#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"
#include "hub/edge/id.h"

namespace headgate::hub {
namespace {

bool is_edge_name_or_empty(std::string_view text) { return text.empty() || is_edge_name(text); }

constexpr TextRule kEdgeHost = {is_host,
                                "a host name or IP address alone, without scheme, user, port and path"};
constexpr TextRule kEdgeName = {is_edge_name_or_empty,
                                "up to 128 of letters, digits and - . % _ * ? ! ( ) , : = @ $ '; or \"\""};

}  // namespace

Keys edge_keys() {
  const auto edge = [](auto member) { return at(&Config::iot_edge, member); };
  using S = IotEdgeSettings;
  return {
      {.path = "iot_edge.hub_host_name",
       .slot = edge(&S::hub_host_name),
       .doc = "Host name of the cloud's hub, as modules and devices have it in their connection strings: "
              "`acme-plant.azure-devices.net`. See from-iot-edge.md.",
       .rule = kEdgeHost},
      {.path = "iot_edge.device_id",
       .slot = edge(&S::device_id),
       .doc = "Id of the edge device that this gateway is: its modules are those of routes.",
       .rule = kEdgeName},
      {.path = "iot_edge.gateway_names",
       .slot = edge(&S::gateway_names),
       .doc =
           "Host names under which modules and devices reach this gateway; these and `iot_edge.hub_host_name` are "
           "taken in user names and tokens, each with or without `:port`.",
       .max = 64,
       .rule = kEdgeHost},
      {.path = "iot_edge.identities_file",
       .slot = edge(&S::identities_file),
       .doc =
           "File of the modules and devices that listeners with `\"dialect\": \"iot-edge\"` let in, as `headgate "
           "identity` writes it; empty: `identities.json` in `data_dir`. Read again on SIGHUP.",
       .rule = kPathOrEmpty},
      {.path = "iot_edge.workload_dir",
       .slot = edge(&S::workload_dir),
       .doc =
           "Directory of the sockets by which modules have their tokens signed, one each: `MODULE.sock`; empty: there are none. See "
           "from-iot-edge.md.",
       .rule = kPathOrEmpty},
      {.path = "iot_edge.trust_bundle_file",
       .slot = edge(&S::trust_bundle_file),
       .doc =
           "Authorities (PEM) that modules learn from the workload API to trust; empty: the last certificate in `tls.cert_file` of the "
           "first listener with that dialect.",
       .rule = kPathOrEmpty},
  };
}

}  // namespace headgate::hub
