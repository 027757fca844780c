// The file of identities as the tool edits it: entries stay as they are but for the one that is meant. Whether the whole is right is the
// hub's to say.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/result.h"
#include "tools/headgate/commands/identity/commands.h"

namespace headgate::tools {

// Names of IoT Edge in a configuration.
struct EdgeNames {
  std::string file;
  std::string hub_host_name;
  std::string gateway;  // the first of iot_edge.gateway_names
};
// Asks the daemon only for what `place` leaves open. Nullopt, and said, if it cannot tell.
[[nodiscard]] std::optional<EdgeNames> edge_names(const IdentityTool& tool, const IdentityPlace& place,
                                                  bool hosts);

// "device" or "device/module", with the characters that ids have.
[[nodiscard]] core::Status check_identity_id(const std::string& id);

// Empty, if there is no such file. Errors: io, invalid.
[[nodiscard]] core::Result<nlohmann::ordered_json> read_book(const std::string& path);
[[nodiscard]] core::Status write_book(const std::string& path, const nlohmann::ordered_json& book);

// The entry of that id; null: there is none.
[[nodiscard]] nlohmann::ordered_json* find_identity(nlohmann::ordered_json& book, const std::string& id);

// 32 random bytes, base64. Error: io.
[[nodiscard]] core::Result<std::string> new_shared_key();
// The first line of a file, which is a key in base64. Errors: io, invalid.
[[nodiscard]] core::Result<std::string> read_shared_key(const std::string& path);

// Prints the error for a person; the exit code.
int tell(const IdentityTool& tool, const core::Error& error);

}  // namespace headgate::tools
