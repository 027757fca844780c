// Clients of Azure IoT's SDKs: a listener that speaks their dialect, and who may come in there.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "broker/listener_policy.h"
#include "tests/support/scripted_access.h"
#include "tests/support/scripted_client.h"

namespace headgate::testing {

inline constexpr const char* kOwnDevice = "edge-1";

// Of a hub that is the device "edge-1".
inline std::shared_ptr<const broker::ListenerPolicy> edge_listener() {
  broker::ListenerPolicy policy;
  policy.name = "127.0.0.1:8883";
  policy.dialect = broker::Dialect::iot_edge;
  policy.own_device = kOwnDevice;
  return std::make_shared<const broker::ListenerPolicy>(policy);
}

// "D" or "D/M", with the rights to what is its own inside the hub.
inline void add_edge_client(ScriptedAccess& access, const std::string& id) {
  const size_t slash = id.find('/');
  broker::Identity identity;
  identity.username = id;
  identity.edge = true;
  identity.device = id.substr(0, slash);
  identity.module = slash == std::string::npos ? "" : id.substr(slash + 1);
  identity.kind = identity.module.empty() ? broker::Identity::Kind::device : broker::Identity::Kind::module;
  const std::string base =
      "devices/" + identity.device + (identity.module.empty() ? "" : "/modules/" + identity.module) + "/#";
  const bool own_module = !identity.module.empty() && identity.device == kOwnDevice;
  std::vector<broker::Rights::Rule> rules = {
      {true, broker::kAllActions, own_module ? "modules/" + identity.module + "/#" : base},
      {true, broker::kAllActions, "$iothub/" + base}};
  access.users[id] = {std::make_shared<const broker::Identity>(identity),
                      std::make_shared<const broker::Rights>(
                          std::move(rules), own_module ? identity.module : std::string(), true)};
}

// CONNECT as the SDK sends it.
inline broker::Connect as_sdk(std::string_view id) {
  broker::Connect connect = kept(v3(id));
  connect.username = id;
  connect.keep_alive_s = 180;
  return connect;
}

}  // namespace headgate::testing
