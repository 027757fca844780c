// `upstream`: the forwarder's and the link's options.
#include <algorithm>
#include <cctype>

#include "core/topic.h"
#include "hub/config/key_tables.h"

namespace headgate::hub {
namespace {

using upstream::BackoffOptions;
using upstream::BatchOptions;
using upstream::LinkOptions;
using upstream::UpstreamOptions;

bool is_host(std::string_view text) {
  const auto odd = [](unsigned char c) { return std::isspace(c) != 0 || c == '/' || c == '@'; };
  return text.size() <= 255 && std::none_of(text.begin(), text.end(), odd);
}

bool is_topic_pattern(std::string_view text) {
  return core::is_valid_topic_name(text) && text.front() != '$';
}

bool is_mqtt_string(std::string_view text) { return text.size() <= kU16Max && core::is_valid_utf8(text); }

constexpr TextRule kHost = {is_host, "a host name or IP address alone, without scheme, port or path"};
constexpr TextRule kTopic = {is_topic_pattern,
                             "an MQTT topic without + and #, not beginning with $; {hub} is the hub id"};
constexpr TextRule kMqttString = {is_mqtt_string, "up to 65535 bytes of UTF-8"};

auto up(auto... members) { return at(&Config::upstream, members...); }
auto link(auto... members) { return up(&UpstreamOptions::link, members...); }

Keys link_keys() {
  return {
      {.path = "upstream.host",
       .slot = link(&LinkOptions::host),
       .doc = "Broker that batches go to; empty: no link, $upstream only queues.",
       .rule = kHost},
      {"upstream.port", link(&LinkOptions::port), "Its port.", Unit::none, 1, kU16Max},
      {"upstream.protocol", link(&LinkOptions::protocol), "MQTT version: 5, or 4 for MQTT 3.1.1.", Unit::none,
       4, 5},
      {.path = "upstream.client_id",
       .slot = link(&LinkOptions::client_id),
       .doc = "MQTT client id; empty takes headgate-<hub_id>.",
       .rule = kMqttString},
      {.path = "upstream.username",
       .slot = link(&LinkOptions::username),
       .doc = "User name; empty sends none.",
       .rule = kMqttString},
      {"upstream.password_file", link(&LinkOptions::password_file),
       "File whose first line is the password; empty sends none."},
      {"upstream.keep_alive_s", link(&LinkOptions::keep_alive_s), "Keep-alive of the link.", Unit::seconds, 5,
       kU16Max},
      {"upstream.tls.ca_file", link(&LinkOptions::tls, &core::TlsFiles::ca_file),
       "Certificates (PEM) that the broker's must descend from; setting it turns TLS on."},
      {"upstream.tls.cert_file", link(&LinkOptions::tls, &core::TlsFiles::cert_file),
       "Client certificate (PEM) for mutual TLS."},
      {"upstream.tls.key_file", link(&LinkOptions::tls, &core::TlsFiles::key_file),
       "Private key (PEM) of the client certificate."},
      {.path = "upstream.topic",
       .slot = up(&UpstreamOptions::topic),
       .doc = "Topic that batches are published to; {hub} is replaced by the hub id.",
       .rule = kTopic},
  };
}

Keys batch_keys() {
  return {
      {"upstream.batch.messages_max", up(&UpstreamOptions::batch, &BatchOptions::messages_max),
       "A batch closes at this many messages,", Unit::none, 1, 100'000},
      {"upstream.batch.bytes_max", up(&UpstreamOptions::batch, &BatchOptions::bytes_max),
       "or at this size before compression,", Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.compressed_bytes_max",
       up(&UpstreamOptions::batch, &BatchOptions::compressed_bytes_max),
       "or when it would compress to more than this,", Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.linger_ms", up(&UpstreamOptions::batch, &BatchOptions::linger_ms),
       "or when its first message has waited this long.", Unit::milliseconds, 0, 3'600'000},
      {"upstream.batch.zstd_level", up(&UpstreamOptions::batch, &BatchOptions::zstd_level),
       "Compression effort; higher is smaller and slower.", Unit::none, 1, 19},
      {"upstream.in_flight_batches", link(&LinkOptions::in_flight_max),
       "Batches sent before the first is acknowledged.", Unit::none, 1, 1000},
      {"upstream.answer_timeout_s", in_seconds(up(&UpstreamOptions::answer_timeout_ms)),
       "How long the oldest of them may wait for that before the link is made anew and all are sent again.",
       Unit::seconds, 1, 86'400},
      {"upstream.no_subscriber", up(&UpstreamOptions::no_subscriber),
       "While the broker says that nobody subscribes to the topic: \"wait\" keeps messages, \"deliver\" counts "
       "them as delivered, for brokers whose rules consume; MQTT 3.1.1 never says it."},
      {"upstream.backoff.base_ms", up(&UpstreamOptions::backoff, &BackoffOptions::base_ms),
       "First wait before connecting again.", Unit::milliseconds, 10, 3'600'000},
      {"upstream.backoff.cap_ms", up(&UpstreamOptions::backoff, &BackoffOptions::cap_ms),
       "Longest wait before connecting again.", Unit::milliseconds, 10, 86'400'000},
  };
}

}  // namespace

Keys upstream_keys() { return joined({link_keys(), batch_keys()}); }

}  // namespace headgate::hub
