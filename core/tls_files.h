// The files of one end of a TLS connection, all PEM.
#pragma once

#include <string>

namespace headgate::core {

// Extended by who needs more: a listener by its demands on clients, the load generator by doing without.
struct TlsFiles {
  std::string ca_file;    // authorities that the other end's certificate must descend from
  std::string cert_file;  // this end's certificate, then the chain up to its authority
  std::string key_file;   // private key of the certificate, without a passphrase

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

}  // namespace headgate::core
