// A listener as plain values: from the configuration to broker::Listener. Defaults are those of
// headgate.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/listener_policy.h"
#include "core/tls_files.h"

namespace headgate::broker {

// Transport that carries MQTT's bytes.
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

// `ca_file` empty: clients are not asked for a certificate.
struct TlsOptions : core::TlsFiles {
  bool require_client_certificate = false;
  CertificateIdentity identity = CertificateIdentity::common_name;
  TlsVersion min_version = TlsVersion::v1_2;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct WebSocketOptions {
  std::vector<std::string> paths = {"/mqtt"};
  std::vector<std::string> origins;  // empty: pages from anywhere

  friend bool operator==(const WebSocketOptions&, const WebSocketOptions&) = default;
};

struct ListenerOptions {
  Transport transport = Transport::tcp;
  std::string address = "127.0.0.1";  // IP
  uint16_t port = 1883;               // IP; 0 = any free one
  std::string path;                   // Unix socket
  uint32_t mode = 0660;               // Unix socket
  uint32_t connections_max = 0;       // 0 = no limit of its own
  TlsOptions tls;
  WebSocketOptions web_socket;
  ListenerPolicy policy;  // its name is made by the listener once it is bound

  friend bool operator==(const ListenerOptions&, const ListenerOptions&) = default;
};

}  // namespace headgate::broker
