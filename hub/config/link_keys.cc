// The keys of one entry of `links`: its connection, as in `upstream`, and the terms on which it may be used.
#include <algorithm>

#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"
#include "upstream/links/schedule.h"

namespace headgate::hub {
namespace {

using upstream::LinkOptions;
using upstream::LinkTerms;
using upstream::NamedLink;
using LinkKeys = std::vector<Key<NamedLink>>;

// Places in the link's connection and in its terms.
auto joint(auto... members) { return at(&NamedLink::connection, members...); }
auto term(auto member) { return at(&NamedLink::terms, member); }

constexpr size_t kInterfaceBytesMax = 15;

bool is_topic_or_empty(std::string_view text) { return text.empty() || is_topic_pattern(text); }
bool is_host_or_empty(std::string_view text) { return text.empty() || is_host(text); }

constexpr TextRule kLinkHost = {
    is_host_or_empty,
    "a host name or IP address alone: the port goes into port, IPv6 has no brackets, TLS comes with "
    "tls.ca_file"};
constexpr TextRule kTopicOrEmpty = {
    is_topic_or_empty,
    "an MQTT topic without + and #, not beginning with $; {hub} is the hub id, no other { or }; or \"\""};

bool is_interface(std::string_view text) {
  const auto fits = [](unsigned char c) {
    return c > ' ' && c < 0x7F && c != '/' && c != ':' && c != '$' && c != '*';
  };
  return text.size() <= kInterfaceBytesMax && std::ranges::all_of(text, fits) && text != "." && text != "..";
}

bool is_window(std::string_view text) { return upstream::parse_window(text).has_value(); }

constexpr TextRule kInterface = {is_interface,
                                 "the name of a network interface, up to 15 characters; or \"\""};
constexpr TextRule kWindow = {
    is_window, "a window such as \"02:00-05:00\" or \"mon-fri 20:00-06:00\", or a list of up to 32 of them"};
constexpr TextRule kAddressOrEmpty = {is_ip_address_or_empty, "an IP address of this machine; or \"\""};

LinkKeys address_keys() {
  return {
      {.path = "host",
       .slot = joint(&LinkOptions::host),
       .doc = "Broker that batches go to.",
       .rule = kLinkHost},
      {"port", joint(&LinkOptions::port), "Its port.", Unit::none, 1, kU16Max},
      {"protocol", joint(&LinkOptions::protocol), "MQTT version: 5, or 4 for MQTT 3.1.1.", Unit::none, 4, 5},
      {.path = "client_id",
       .slot = joint(&LinkOptions::client_id),
       .doc = "MQTT client id; empty takes `headgate-<hub_id>-<name of the link>`.",
       .rule = kMqttString},
      {.path = "username",
       .slot = joint(&LinkOptions::username),
       .doc = "User name; empty sends none.",
       .rule = kMqttString},
      {"password", joint(&LinkOptions::password),
       "Where the password is: `{\"file\": \"/path\"}` or `{\"env\": \"NAME\"}`; empty: `password_file`. "
       "See configuration.md#secrets."},
      {.path = "password_file",
       .slot = joint(&LinkOptions::password_file),
       .doc = "File whose first line is the password; empty sends none.",
       .rule = kPathOrEmpty},
      {.path = "tls.ca_file",
       .slot = joint(&LinkOptions::tls, &core::TlsFiles::ca_file),
       .doc = "Certificates (PEM) that the broker's must descend from; setting it turns TLS on.",
       .rule = kPathOrEmpty},
      {.path = "tls.cert_file",
       .slot = joint(&LinkOptions::tls, &core::TlsFiles::cert_file),
       .doc = "Client certificate (PEM) for mutual TLS.",
       .rule = kPathOrEmpty},
      {.path = "tls.key_file",
       .slot = joint(&LinkOptions::tls, &core::TlsFiles::key_file),
       .doc = "Private key (PEM) of the client certificate.",
       .rule = kPathOrEmpty},
  };
}

LinkKeys term_keys() {
  return {
      {.path = "topic",
       .slot = term(&LinkTerms::topic),
       .doc = "Topic that batches are published to over this link; empty takes `upstream.topic`.",
       .rule = kTopicOrEmpty},
      {"in_flight_batches", joint(&LinkOptions::in_flight_max),
       "Batches sent before the first is acknowledged; 0: as many as the line takes.", Unit::none, 0, 1000},
      {"cost", term(&LinkTerms::cost),
       "Price of what goes over it: `free`, `metered` or `expensive`; it decides `connect` and "
       "`keep_alive_s`."},
      {"connect", term(&LinkTerms::connect),
       "When it is connected: `always` (a link that others are preferred to: once they are down), "
       "`when_needed` for something that waits, until it was idle for 27 keep-alives, or `by_cost`: a free "
       "one `always`, others `when_needed`."},
      {"zstd_level", term(&LinkTerms::zstd_level),
       "Compression effort of batches over it; 0: by its cost, `upstream.batch.zstd_level` for a free one, "
       "else 13 at least. A batch that goes again over another link stays as it is. See "
       "batch-format.md#what-it-costs.",
       Unit::none, 0, 19},
      {"keep_alive_s", term(&LinkTerms::keep_alive_s),
       "Keep-alive of the link; 0: by its cost, 60 s, 300 s or 900 s.", Unit::seconds, 0, kU16Max},
      {"order", term(&LinkTerms::order),
       "Order within a priority after an outage: `oldest_first`, `live_first` (what comes now goes before "
       "what has waited) or `interleaved` (a batch of each in turn)."},
      {"priority_max", term(&LinkTerms::priority_max),
       "Last priority that may go over it, 0 to 9; 10 lets messages without priority go, too.", Unit::none, 0,
       store::kLaneCount - 1},
  };
}

LinkKeys session_keys() {
  return {
      {.path = "downstream",
       .slot = at(&NamedLink::downstream),
       .doc = "Topics of that broker that are brought down, as in `upstream.downstream`. See commands.md.",
       .max = kDownstreamMax},
      {"session_expiry_s", joint(&LinkOptions::session_expiry_s),
       "How long the broker keeps what comes for them while the link is down; MQTT 5.", Unit::seconds, 1,
       kU32Max},
  };
}

LinkKeys cloud_keys() {
  return {
      {"preset", at(&NamedLink::preset),
       "Cloud whose forms and limits the link keeps to: `generic` (none), `azure-iot-hub` or "
       "`aws-iot-core`. See configuration.md#clouds."},
      {.path = "device",
       .slot = at(&NamedLink::device),
       .doc = "Name of the device in that cloud; empty takes the hub's id.",
       .rule = kMqttString},
      {"as", at(&NamedLink::as),
       "Under whose name messages that pass through go to Azure IoT Hub: `hub`, all under `device` with their "
       "origin in the properties, or `identity`, each under the device or module that has sent it, over a "
       "connection of its own. See configuration.md#under-whose-name."},
      {"identities_max", at(&NamedLink::identities_max),
       "Identities that are connected at a time with `as` `identity`.", Unit::none, 1, 1000},
      {"sas_key", joint(&LinkOptions::sas_key),
       "Where the device's key (base64) is, of which a token is made for each connection to Azure IoT Hub: "
       "`{\"file\": \"/path\"}` or `{\"env\": \"NAME\"}`; empty: `sas_key_file`. See "
       "configuration.md#secrets."},
      {.path = "sas_key_file",
       .slot = joint(&LinkOptions::sas_key_file),
       .doc =
           "File whose first line is the device's key (base64): a token is made of it for each connection to "
           "Azure IoT Hub.",
       .rule = kPathOrEmpty},
      {.path = "alpn",
       .slot = joint(&LinkOptions::alpn),
       .doc = "Protocol that the TLS handshake asks for; empty: none, or that of the preset.",
       .rule = kAlpnName},
  };
}

LinkKeys limit_term_keys() {
  return {
      {"rate_bytes_per_s", term(&LinkTerms::rate_bytes_per_s),
       "Bytes a second on the wire in the long run; 0: no limit.", Unit::bytes, 0, 10 * kGiB},
      {"burst_bytes", term(&LinkTerms::burst_bytes), "Bytes that may pass at once after a silence.",
       Unit::bytes, kKiB, kGiB},
      {"budget.day_bytes", term(&LinkTerms::day_bytes_max),
       "Bytes a day on the wire, in `upstream.time_zone`; 0: no limit.", Unit::bytes, 0, kPiB},
      {"budget.month_bytes", term(&LinkTerms::month_bytes_max),
       "Bytes a month, in `upstream.time_zone`; 0: no limit.", Unit::bytes, 0, kPiB},
      {"budget.month_first_day", term(&LinkTerms::month_first_day),
       "Day on which the month of the bill begins.", Unit::none, 1, 28},
      {.path = "open",
       .slot = term(&LinkTerms::open),
       .doc =
           "Windows in which it may be connected, in `upstream.time_zone`: `mon-fri 20:00-06:00`, `sat,sun "
           "00:00-24:00`, or a list of them; empty: always.",
       .max = 32,
       .rule = kWindow},
      {"urgent_opens", term(&LinkTerms::urgent_opens),
       "Messages of priority 0 connect it outside its windows, and go alone then."},
      {.path = "interface",
       .slot = joint(&LinkOptions::interface),
       .doc =
           "Network interface that its packets have to leave by, such as `wwan0`; empty: the system chooses.",
       .rule = kInterface},
      {.path = "bind_address",
       .slot = joint(&LinkOptions::bind_address),
       .doc = "Local IP address to connect from, which picks the interface where the system routes by it; "
              "empty: "
              "the system chooses.",
       .rule = kAddressOrEmpty},
  };
}

}  // namespace

const LinkKeys& link_keys() {
  static const LinkKeys kKeys = [] {
    LinkKeys all;
    for (auto part : {address_keys(), term_keys(), session_keys(), cloud_keys(), limit_term_keys()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return kKeys;
}

}  // namespace headgate::hub
