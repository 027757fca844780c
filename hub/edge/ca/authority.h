// A small authority for the gateway's own certificates: EC P-256, in PEM. Reads no clock and no file; keys and serial numbers are made by
// OpenSSL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace headgate::hub {

struct Certified {
  std::string certificate;  // PEM; of a server or client followed by that of its authority
  std::string key;          // PEM, PKCS 8, without a password
  int64_t expires_s = 0;    // of one that was made here
};

inline constexpr int64_t kAuthorityDays = 3650;
inline constexpr int64_t kServerDays = 365;
inline constexpr size_t kCertifiedNamesMax = 64;

// `name` is shown by programs that list authorities. Errors: io.
[[nodiscard]] core::Result<Certified> make_authority(const std::string& name, int64_t now_s);

// A certificate of a server under these names, hosts or addresses, which the authority has signed. Errors: invalid (a name that is none,
// an authority that cannot be read or has no such key), io.
[[nodiscard]] core::Result<Certified> make_server_certificate(const Certified& authority,
                                                              const std::vector<std::string>& names,
                                                              int64_t now_s, int64_t days = kServerDays);

// Names of a client: `common_name` has at most 64 bytes, longer ones are invalid; `uri` says the same in full.
struct ClientNames {
  std::string common_name;
  std::string uri;
};

// A certificate of a client, with which it can be no server. Errors: as above.
[[nodiscard]] core::Result<Certified> make_client_certificate(const Certified& authority,
                                                              const ClientNames& names, int64_t now_s,
                                                              int64_t days);

// The names in a certificate, in its order. Errors: invalid.
[[nodiscard]] core::Result<std::vector<std::string>> names_in_certificate(const std::string& pem);

// The authority's certificate behind a server's in a chain: the last of the file. Errors: invalid.
[[nodiscard]] core::Result<std::string> last_certificate(const std::string& pem);

}  // namespace headgate::hub
