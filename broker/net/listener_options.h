// What a listener is made of, as plain values: from the configuration to broker::Listener.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/listener_policy.h"

namespace headgate::broker {

// What MQTT's bytes travel in.
enum class Transport : uint8_t { tcp, tls, ws, wss, unix_socket };

[[nodiscard]] constexpr bool is_encrypted(Transport transport) {
  return transport == Transport::tls || transport == Transport::wss;
}
[[nodiscard]] constexpr bool is_web_socket(Transport transport) {
  return transport == Transport::ws || transport == Transport::wss;
}

// The part of a client's certificate that says who it is.
enum class CertificateIdentity : uint8_t {
  common_name,
  alternative_name,  // the first DNS name, mail address or URI of the subjectAltName
  none,              // the certificate lets the client in, no more
};

enum class TlsVersion : uint8_t { v1_2, v1_3 };

struct TlsOptions {
  std::string cert_file;       // PEM: the certificate, then the chain up to its authority
  std::string key_file;        // PEM
  std::string client_ca_file;  // PEM; empty: clients are not asked for a certificate
  bool require_client_certificate = false;
  CertificateIdentity identity = CertificateIdentity::common_name;
  TlsVersion min_version = TlsVersion::v1_2;
};

struct WebSocketOptions {
  std::vector<std::string> paths = {"/mqtt"};
  std::vector<std::string> origins;  // empty: pages from anywhere
};

struct ListenerOptions {
  Transport transport = Transport::tcp;
  std::string address = "127.0.0.1";  // IP
  uint16_t port = 0;                  // IP; 0 = any free one
  std::string path;                   // Unix socket
  uint32_t mode = 0660;               // Unix socket
  uint32_t connections_max = UINT32_MAX;
  TlsOptions tls;
  WebSocketOptions web_socket;
  ListenerPolicy policy;  // its name is made by the listener once it is bound
};

}  // namespace headgate::broker
