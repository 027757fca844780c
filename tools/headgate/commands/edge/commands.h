// `headgate twin`, `headgate method` and `headgate c2d`: devices and modules of IoT Edge, connected or not. Documented in
// docs/from-iot-edge.md.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Prints what is desired of a device or module, and what it reports. `id`: D or D/M.
int run_twin_get(const Context& context, const std::string& id);

// Changes what is desired; `json` absent: it is read from `in`.
enum class TwinChange : uint8_t { set, patch };
int run_twin_change(const Context& context, const std::string& id, TwinChange how,
                    const std::optional<std::string>& json, std::istream& in);

struct MethodOptions {
  std::string id;
  std::string name;
  std::string payload = "null";  // JSON
  uint32_t timeout_s = 30;
  uint32_t connect_timeout_s = 0;
};
// Calls a direct method and prints what it answers. Exit code 1 if it was not answered, or its status is 400 or more.
int run_method_invoke(const Context& context, const MethodOptions& options);

// A message to a device.
struct DeviceSendOptions {
  std::string device;
  std::optional<std::string> body = {};
  std::string file = {};                     // in the place of `body`; empty or "-": standard input
  std::vector<std::string> properties = {};  // NAME=VALUE
  std::string message_id = {};
  std::string correlation_id = {};
  std::string content_type = {};
  uint32_t expiry_s = 3'600;
};
int run_c2d_send(const Context& context, const DeviceSendOptions& options, std::istream& in);
// Shows or drops what waits for a device.
int run_c2d_ls(const Context& context, const std::string& device, bool payload);
int run_c2d_purge(const Context& context, const std::string& device, const Consent& consent);

}  // namespace headgate::tools
