// `upstream`: the forwarder's and the link's options.
#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {
namespace {

using upstream::BackoffOptions;
using upstream::BatchOptions;
using upstream::LinkOptions;
using upstream::UpstreamOptions;

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
      {.path = "upstream.password_file",
       .slot = link(&LinkOptions::password_file),
       .doc = "File whose first line is the password; empty sends none.",
       .rule = kPathOrEmpty},
      {"upstream.keep_alive_s", link(&LinkOptions::keep_alive_s), "Keep-alive of the link.", Unit::seconds, 5,
       kU16Max},
      {.path = "upstream.tls.ca_file",
       .slot = link(&LinkOptions::tls, &core::TlsFiles::ca_file),
       .doc = "Certificates (PEM) that the broker's must descend from; setting it turns TLS on.",
       .rule = kPathOrEmpty},
      {.path = "upstream.tls.cert_file",
       .slot = link(&LinkOptions::tls, &core::TlsFiles::cert_file),
       .doc = "Client certificate (PEM) for mutual TLS.",
       .rule = kPathOrEmpty},
      {.path = "upstream.tls.key_file",
       .slot = link(&LinkOptions::tls, &core::TlsFiles::key_file),
       .doc = "Private key (PEM) of the client certificate.",
       .rule = kPathOrEmpty},
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
      {"upstream.batch.layout", up(&UpstreamOptions::batch, &BatchOptions::layout),
       "Rows are JSON that anybody reads, columns are half their size or less, for readers that know them."},
      {"upstream.batch.compression", up(&UpstreamOptions::batch, &BatchOptions::compression),
       "\"none\" is for upstreams that look into bodies."},
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
