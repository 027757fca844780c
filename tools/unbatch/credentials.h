// Who a client of a broker is, and whom it trusts.
#pragma once

#include <string>

#include "core/result.h"

struct mosquitto;

namespace headgate::tools {

struct Credentials {
  std::string username;
  std::string password_file;  // its first line
  std::string ca_file;        // with it, TLS
  std::string cert_file;
  std::string key_file;
};

// Errors: invalid (a file cannot be used).
[[nodiscard]] core::Status use_credentials(mosquitto* client, const Credentials& credentials);

}  // namespace headgate::tools
