// Who calls the admin API, and how much that is trusted with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::hub {

// Each may do what those before it may.
enum class Role : uint8_t {
  none,     // nobody knows who it is
  read,     // looks
  operate,  // also publishes, and changes what waits: purge, replay, kick
  admin,    // also changes what the hub does: routes, documents, backups
};

[[nodiscard]] constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::read:
      return "read";
    case Role::operate:
      return "operate";
    case Role::admin:
      break;
  }
  return "admin";
}

// Whoever opens the Unix socket owns the hub: it is no user, and no access rule is asked about it.
struct Caller {
  Role role = Role::admin;
  std::string user = {};  // whose access rules hold for topics and payloads; empty: all is allowed
  std::string from = "socket";
};

}  // namespace headgate::hub
