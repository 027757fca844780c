// The gateway's own authority, made at the first start of a hub whose listeners are to use it (hub/edge/ca).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/net/listener_options.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/config/config.h"

namespace headgate::hub {

// An authority with its server's certificate, and the names that the latter has.
struct OwnAuthority {
  std::string dir;
  std::vector<std::string> names;
};

// Whether that listener has the dialect iot-edge, and the certificate and key that an authority in `<data_dir>/ca` makes.
[[nodiscard]] bool is_of_own_authority(const Config& config, const broker::ListenerOptions& listener);

// An authority to be made before the listeners open; nullopt: none of them wants it, or something of it is there already.
[[nodiscard]] std::optional<OwnAuthority> wanted_authority(const Config& config);

// Makes it, and overwrites nothing. Nullopt: it is not wanted. Errors: invalid, io.
[[nodiscard]] core::Result<std::optional<OwnAuthority>> make_wanted_authority(const Config& config,
                                                                              int64_t wall_ms);

// Tells what was made, by name.
void tell_of_authority(const std::optional<OwnAuthority>& made, core::Log& log);

}  // namespace headgate::hub
