// Who calls the admin API, and how much that is trusted with.
#pragma once

#include <cstdint>
#include <optional>
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
  std::string from = std::string(kSocket);
  std::optional<int64_t> until_ms =
      {};  // Unix ms when the session ends by which it is known; nullopt: it comes with a token
  std::string known_by = {};    // for whoever let it in, to know whether it would again
  std::string why_nobody = {};  // for who is told that a token is needed; empty: it has shown nothing

  [[nodiscard]] bool is_owner() const { return from == kSocket; }

  static constexpr std::string_view kSocket = "socket";
};

}  // namespace headgate::hub
