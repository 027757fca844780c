// Directory of the gateway's own authority, `<data_dir>/ca` unless somebody says otherwise: files in PEM, keys for their owner alone. Made as
// root, they belong to whom the directory above belongs to, so that the hub can read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace headgate::hub {

inline constexpr std::string_view kAuthorityFile = "ca.pem";  // for clients
inline constexpr std::string_view kAuthorityKeyFile = "ca.key";
inline constexpr std::string_view kServerFile = "server.pem";     // the chain: tls.cert_file of listeners
inline constexpr std::string_view kServerKeyFile = "server.key";  // tls.key_file

// Makes authority and server certificate, and overwrites nothing. Errors: invalid (names; a file that is there), io.
[[nodiscard]] core::Status init_authority(const std::string& dir, const std::vector<std::string>& names,
                                          int64_t now_s);

// Whether none of an authority's files is there.
[[nodiscard]] bool is_without_authority(const std::string& dir);

// Makes the server's certificate and key anew under the same authority; `names` empty: under the names that it has. Errors: invalid, io.
[[nodiscard]] core::Status renew_server(const std::string& dir, std::vector<std::string> names,
                                        int64_t now_s);

}  // namespace headgate::hub
