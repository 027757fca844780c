// Rights by a configuration, as the hub judges them, for tests of the tool.
#pragma once

#include <string>

namespace headgate::testing {

// `user`: ""  is an anonymous client. `verb`: "publish", "subscribe" or "receive".
[[nodiscard]] bool may(const std::string& config_json, const std::string& user, const std::string& client_id,
                       const std::string& verb, const std::string& topic);

}  // namespace headgate::testing
