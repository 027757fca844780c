// From the name that somebody has proved to have, to who that is: a module, a device or a plain client.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access.h"

namespace headgate::hub {

// A line of `auth.identities`. A `*` in `user` stands for any characters, and one in the names for the
// same.
struct IdentityPattern {
  std::string user;
  std::string device;
  std::string module;

  friend bool operator==(const IdentityPattern&, const IdentityPattern&) = default;
};

// Finds the text that the `*` of the pattern stands for ("" where the pattern has none); nullopt if they do
// not match.
[[nodiscard]] std::optional<std::string_view> match_star(std::string_view pattern, std::string_view text);

// A name that a device or module may have: one level of a topic, without wildcards.
[[nodiscard]] bool is_plain_name(std::string_view name);

// An IoT Edge user name, `{host}/{device}[/{module}]/[?]api-version=…`.
struct EdgeName {
  std::string_view device;
  std::string_view module;  // empty: a device

  // "device" or "device/module": the client id it has to come with, and the user's name in a file of users.
  [[nodiscard]] std::string id() const;
};
[[nodiscard]] std::optional<EdgeName> parse_edge_name(std::string_view username);

// The name under which the user is looked up: the id of an IoT Edge one, else what it says.
[[nodiscard]] std::string canonical_user(std::string_view username);

// Exact lines first, then those with a `*` in their order. Where none matches: `device/module` for a user who
// came with an IoT Edge name (`edge`), else a plain client. A module without device gets `own_device`.
// Nullopt if the name that comes of it is no plain one: nobody may be that.
[[nodiscard]] std::optional<broker::Identity> identify(const std::vector<IdentityPattern>& patterns,
                                                       std::string_view user, bool edge,
                                                       std::string_view own_device);

}  // namespace headgate::hub
