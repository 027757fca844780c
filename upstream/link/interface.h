// A network interface that a connection is to go over. It is chosen by the local address: libmosquitto binds its socket to
// one before it connects, and the system routes by it if it has a rule to.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::upstream {

// The local address to connect to `host` from, so that packets leave by `interface`. Blocks for a name lookup.
// Errors: not_found (there is no such interface, or it has no address), unavailable (packets from its address would leave by
// another interface: `what` names the rule and the route that are missing), io (the system does not tell).
[[nodiscard]] core::Result<std::string> address_to_leave_by(const std::string& interface,
                                                            const std::string& host);

}  // namespace headgate::upstream
