#include "tools/unbatch/credentials.h"

#include <mosquitto.h>

#include <fstream>

namespace headgate::tools {
namespace {

const char* text_or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

core::Status use_credentials(mosquitto* client, const Credentials& credentials) {
  if (!credentials.username.empty()) {
    std::string password;
    std::ifstream file(credentials.password_file);
    if (!credentials.password_file.empty() && !std::getline(file, password)) {
      return core::fail(core::Errc::invalid, "cannot read a password from " + credentials.password_file);
    }
    mosquitto_username_pw_set(client, credentials.username.c_str(), text_or_null(password));
  }
  if (credentials.ca_file.empty()) return {};
  const int rc =
      mosquitto_tls_set(client, credentials.ca_file.c_str(), nullptr, text_or_null(credentials.cert_file),
                        text_or_null(credentials.key_file), nullptr);
  if (rc == MOSQ_ERR_SUCCESS) return {};
  return core::fail(core::Errc::invalid, std::string("cannot use the TLS files: ") + mosquitto_strerror(rc));
}

}  // namespace headgate::tools
