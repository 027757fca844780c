// The hub's own name in access rules.
#pragma once

#include <string_view>

namespace headgate::hub {

// User in whose name routes publish, unless a route says `publishAs`. It may publish everything as long as no rule names
// it; nobody else can have the name.
inline constexpr std::string_view kHubUser = "$hub";

}  // namespace headgate::hub
