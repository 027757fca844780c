// The hub's own names in access rules.
#pragma once

#include <string_view>

namespace headgate::hub {

// User in whose name routes publish, unless a route says `publishAs`. It may publish everything as long as no rule names
// it; nobody else can have the name.
inline constexpr std::string_view kHubUser = "$hub";

// User in whose name messages from upstream are published here, unless an entry of downstream says `publish_as`; the same
// holds for it.
inline constexpr std::string_view kDownstreamUser = "$downstream";

// User of the token that the HTTP server makes for itself at its first start; the same holds for it.
inline constexpr std::string_view kOperatorUser = "$operator";

[[nodiscard]] constexpr bool is_own_user(std::string_view user) {
  return user == kHubUser || user == kDownstreamUser || user == kOperatorUser;
}

}  // namespace headgate::hub
