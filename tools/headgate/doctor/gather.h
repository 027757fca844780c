// The machine as `headgate doctor` sees it. Changes nothing: what it writes has no name, and is gone with it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/headgate/doctor/findings.h"

namespace headgate::tools {

// nullopt: the kernel does not say.
[[nodiscard]] std::optional<bool> clock_is_synced();

[[nodiscard]] PrivatePath look_at_path(const std::string& path, const std::string& what);
[[nodiscard]] CertificateSeen look_at_certificate(const std::string& file, const std::string& where);

// Certificate and key of the authority that was made in a data directory, the identities of IoT Edge and the secret of the workload API
// there, if any.
void look_at_own_files(const std::string& data_dir, Machine& machine);

// Free space there, and how long a sync of a small file takes: the median of at most 16, within half a second.
[[nodiscard]] std::optional<DiskSeen> look_at_disk(const std::string& dir);

// Open files of the process that listens on the socket. nullopt: nobody does.
[[nodiscard]] std::optional<DescriptorsSeen> look_at_descriptors(const std::string& socket);

// A hub's data directory as it names it itself, wherever the hub was started. "": that is not known,
// as of a hub without a socket here.
[[nodiscard]] std::string directory_of_hub(const std::string& data_dir, const std::string& socket);

// Files with secrets and certificates that a configuration names; `settings` is the daemon's list of keys with values.
void look_at_settings(const nlohmann::ordered_json& settings, Machine& machine);

}  // namespace headgate::tools
