// One entry of `listeners` in headgate.json, and what makes sense in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/net/listener_options.h"

namespace headgate::hub {

class Problems;

// Who may connect without credentials.
enum class Anonymous : uint8_t {
  loopback,  // everybody, where only this machine can connect: loopback addresses and Unix sockets
  yes,
  no,
};

struct ListenerTlsConfig {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;
  bool require_client_certificate = false;
  broker::CertificateIdentity identity = broker::CertificateIdentity::common_name;
  broker::TlsVersion min_version = broker::TlsVersion::v1_2;

  friend bool operator==(const ListenerTlsConfig&, const ListenerTlsConfig&) = default;
};

struct ListenerConfig {
  broker::Transport transport = broker::Transport::tcp;
  std::string address = "127.0.0.1";  // an IP address, IPv4 or IPv6
  uint16_t port = 1883;               // 0 = any free one; left out it goes by the transport
  bool insecure = false;
  Anonymous anonymous = Anonymous::loopback;
  std::string password_file;      // empty: auth.password_file
  uint32_t connections_max = 0;   // 0 = as many as limits.connections_max allows
  uint32_t packet_bytes_max = 0;  // 0 = limits.packet_bytes_max
  std::string path;               // of a Unix socket
  std::string mode = "0660";      // of a Unix socket, octal
  std::vector<std::string> ws_path = {"/mqtt"};
  std::vector<std::string> ws_origin;
  ListenerTlsConfig tls;

  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

// What `port` is when it is left out.
[[nodiscard]] uint16_t default_port(broker::Transport transport);

// True where only this machine can connect.
[[nodiscard]] bool is_local(const ListenerConfig& listener);

// True for 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(std::string_view address);

// What the keys allow one by one but not together.
void check_listeners(const std::vector<ListenerConfig>& listeners, Problems& problems);

[[nodiscard]] broker::ListenerOptions listener_options(const ListenerConfig& config);

}  // namespace headgate::hub
