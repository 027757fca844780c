// The keys of one entry of `listeners`.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {
namespace {

bool is_ip_address(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  const std::string zero_ended(text);
  return inet_pton(AF_INET, zero_ended.c_str(), parsed.data()) == 1 ||
         inet_pton(AF_INET6, zero_ended.c_str(), parsed.data()) == 1;
}

bool is_mode(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  return (text.size() == 3 || (text.size() == 4 && text.front() == '0')) &&
         std::all_of(text.begin(), text.end(), octal);
}

constexpr TextRule kAddress = {is_ip_address, "an IP address such as \"127.0.0.1\" or \"::1\""};
constexpr TextRule kMode = {is_mode, "three octal digits, as chmod takes them: \"0660\""};
using L = ListenerConfig;
using broker::ListenerOptions;

// The place in the listener's own options.
auto own(auto... members) { return at(&L::options, members...); }

std::vector<Key<L>> place_keys() {
  return {
      {"transport", own(&ListenerOptions::transport),
       "What MQTT travels in: `tcp`, `tls`, `ws` (WebSocket), `wss` (WebSocket over TLS) or `unix`."},
      {.path = "address",
       .slot = own(&ListenerOptions::address),
       .doc = "IP address to listen on.",
       .rule = kAddress},
      {"port", own(&ListenerOptions::port),
       "TCP port; 0 takes any free one and logs it. Left out: 1883, for `tls` 8883, for `ws` 8080, for "
       "`wss` 8443.",
       Unit::none, 0, 65'535},
      {.path = "path",
       .slot = own(&ListenerOptions::path),
       .doc = "File of a Unix socket; what a hub before left there is replaced.",
       .rule = kSocket},
      {.path = "mode",
       .slot = octal(own(&ListenerOptions::mode)),
       .doc = "Who may connect to a Unix socket, as an octal file mode.",
       .rule = kMode},
  };
}

std::vector<Key<L>> listener_access_keys() {
  return {
      {"insecure", at(&L::insecure),
       "Must be true for a `tcp` or `ws` listener beyond loopback, because what passes there can be read "
       "and changed on the way."},
      {"anonymous", at(&L::anonymous),
       "Who may connect without credentials: `loopback` everybody where only this machine can connect (a "
       "loopback address or a Unix socket), else nobody; true everybody; false nobody."},
      {"dialect", own(&ListenerOptions::policy, &broker::ListenerPolicy::dialect),
       "Language on top of MQTT: `mqtt` none; `iot-edge` that of Azure IoT's SDKs, whose modules and devices are let "
       "in by the identities of `iot_edge.identities_file` alone."},
      {.path = "password_file",
       .slot = own(&ListenerOptions::policy, &broker::ListenerPolicy::password_file),
       .doc = "File of the users that may come in here; empty: `auth.password_file`. See access.md.",
       .rule = kPathOrEmpty},
      {"connections_max", own(&ListenerOptions::connections_max),
       "Connections open at a time by this listener; 0: only `limits.connections_max` holds.", Unit::none, 0,
       1'000'000},
      {"packet_bytes_max", own(&ListenerOptions::policy, &broker::ListenerPolicy::packet_bytes_max),
       "Largest MQTT packet taken here, if that is less than `limits.packet_bytes_max`; 0: only that holds.",
       Unit::bytes, 0, kPacketBytesMax},
  };
}

std::vector<Key<L>> tls_keys() {
  const auto tls = [](auto member) { return own(&ListenerOptions::tls, member); };
  using T = broker::TlsOptions;
  return {
      {.path = "tls.cert_file",
       .slot = tls(&T::cert_file),
       .doc = "The hub's certificate (PEM), followed by the chain up to its authority. Read again on SIGHUP.",
       .rule = kPathOrEmpty},
      {.path = "tls.key_file",
       .slot = tls(&T::key_file),
       .doc = "Private key (PEM) of the certificate, without a passphrase. Read again on SIGHUP.",
       .rule = kPathOrEmpty},
      {.path = "tls.client_ca_file",
       .slot = tls(&T::ca_file),
       .doc = "Authorities (PEM) of client certificates; empty: clients are not asked for one. Read again on "
              "SIGHUP.",
       .rule = kPathOrEmpty},
      {"tls.require_client_certificate", tls(&T::require_client_certificate),
       "Refuse clients without a certificate."},
      {"tls.identity", tls(&T::identity),
       "Which part of a client certificate says who the client is: `cn` (the common name), `san` (the first "
       "DNS name, mail address or URI of the alternative names) or `none`."},
      {"tls.min_version", tls(&T::min_version), "Oldest TLS version: `1.2` or `1.3`."},
  };
}

std::vector<Key<L>> web_socket_keys() {
  return {
      {.path = "ws_path",
       .slot = own(&ListenerOptions::web_socket, &broker::WebSocketOptions::paths),
       .doc = "Path that WebSocket clients ask for, or a list of them. A query behind it is not looked at. "
              "edgeHub's is `/$iothub/websocket`.",
       .min = 1,
       .max = 16,
       .rule = kWsPath},
      {.path = "ws_origin",
       .slot = own(&ListenerOptions::web_socket, &broker::WebSocketOptions::origins),
       .doc = "Web pages that may connect, by their origin, or a list of them; empty: pages from anywhere.",
       .max = 64,
       .rule = kOrigin},
  };
}

}  // namespace

const std::vector<Key<ListenerConfig>>& listener_keys() {
  static const std::vector<Key<ListenerConfig>> kKeys = [] {
    std::vector<Key<ListenerConfig>> all;
    for (auto part : {place_keys(), listener_access_keys(), web_socket_keys(), tls_keys()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kKeys;
}

template <>
std::span<const EnumName<broker::Transport>> enum_names() {
  using enum broker::Transport;
  static constexpr std::array<EnumName<broker::Transport>, 5> kNames = {
      {{"tcp", tcp}, {"tls", tls}, {"ws", ws}, {"wss", wss}, {"unix", unix_socket}}};
  return kNames;
}

template <>
std::span<const EnumName<broker::Dialect>> enum_names() {
  using enum broker::Dialect;
  static constexpr std::array<EnumName<broker::Dialect>, 2> kNames = {
      {{"mqtt", mqtt}, {"iot-edge", iot_edge}}};
  return kNames;
}

template <>
std::span<const EnumName<broker::CertificateIdentity>> enum_names() {
  using enum broker::CertificateIdentity;
  static constexpr std::array<EnumName<broker::CertificateIdentity>, 3> kNames = {
      {{"cn", common_name}, {"san", alternative_name}, {"none", none}}};
  return kNames;
}

template <>
std::span<const EnumName<broker::TlsVersion>> enum_names() {
  using enum broker::TlsVersion;
  static constexpr std::array<EnumName<broker::TlsVersion>, 2> kNames = {{{"1.2", v1_2}, {"1.3", v1_3}}};
  return kNames;
}

}  // namespace headgate::hub
