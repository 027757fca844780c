// `upstream`: the forwarder's and the link's options.
#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {
namespace {

using upstream::BackoffOptions;
using upstream::BatchOptions;
using upstream::ChainOptions;
using upstream::LinkOptions;
using upstream::RemoteOptions;
using upstream::UpstreamOptions;

auto up(auto... members) { return at(&Config::upstream, members...); }
auto link(auto... members) { return up(&UpstreamOptions::link, members...); }

Keys connection_keys() {
  return {
      {.path = "upstream.host",
       .slot = link(&LinkOptions::host),
       .doc = "Broker that batches go to; empty: no link, `$upstream` only queues.",
       .rule = kHost},
      {"upstream.port", link(&LinkOptions::port), "Its port.", Unit::none, 1, kU16Max},
      {"upstream.protocol", link(&LinkOptions::protocol), "MQTT version: 5, or 4 for MQTT 3.1.1.", Unit::none,
       4, 5},
      {.path = "upstream.client_id",
       .slot = link(&LinkOptions::client_id),
       .doc = "MQTT client id; empty takes `headgate-<hub_id>`.",
       .rule = kMqttString},
      {.path = "upstream.username",
       .slot = link(&LinkOptions::username),
       .doc = "User name; empty sends none.",
       .rule = kMqttString},
      {"upstream.password", link(&LinkOptions::password),
       "Where the password is: `{\"file\": \"/path\"}` or `{\"env\": \"NAME\"}`; empty: "
       "`upstream.password_file`, beside which it does not stand. See configuration.md#secrets."},
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
       .doc = "Topic that batches are published to; `{hub}` is replaced by the hub id.",
       .rule = kTopic},
  };
}

Keys mode_keys() {
  return {
      {"upstream.mode", up(&UpstreamOptions::mode),
       "`batch` sends many messages in a payload, `passthrough` each as it is, for upstreams that want "
       "plain MQTT. See configuration.md#passthrough."},
      {.path = "upstream.passthrough_topic",
       .slot = up(&UpstreamOptions::passthrough_topic),
       .doc = "Topic of a message that passes through; `{topic}` is the message's, `{hub}` the hub id.",
       .rule =
           {is_passthrough_topic,
            "a topic without + and # in which {topic} is the message's and {hub} the hub id, no other { or }"}},
  };
}

Keys chain_keys() {
  return {
      {"upstream.chain", up(&UpstreamOptions::chain, &ChainOptions::enabled),
       "Number the batches, each naming the one before it, so that a reader can tell whether it has all of "
       "them. See batch-format.md#the-chain."},
      {"upstream.chain_head", up(&UpstreamOptions::chain, &ChainOptions::announce),
       "Publish the last number, retained, on the topic with `/head/` and the stream behind it, and say it "
       "in the presence message."},
      {.path = "upstream.chain_key_file",
       .slot = up(&UpstreamOptions::chain, &ChainOptions::key_file),
       .doc = "File with a secret of 16 bytes or more that the chain's hashes are made with; empty: plain "
              "hashes.",
       .rule = kPathOrEmpty},
  };
}

Keys acknowledgement_keys() {
  return {
      {"upstream.acknowledgement", up(&UpstreamOptions::acknowledgement),
       "`broker` deletes messages once the broker has taken their batch, `end_to_end` once whoever consumes "
       "it says, retained, that it has it: then the broker may lose everything. See "
       "configuration.md#acknowledgement-by-the-consumer."},
      {"upstream.credit_batches", up(&UpstreamOptions::credit_batches),
       "Batches that may lack the consumer's acknowledgement, until it says itself how many.", Unit::none, 1,
       upstream::kCreditBatchesMax},
      {"upstream.acknowledgement_timeout_s", in_seconds(up(&UpstreamOptions::acknowledgement_timeout_ms)),
       "After so long without one they are sent again, then after twice as long.", Unit::seconds, 10, 86'400},
  };
}

Keys batch_keys() {
  return {
      {"upstream.batch.messages_max", up(&UpstreamOptions::batch, &BatchOptions::messages_max),
       "A batch closes at this many messages.", Unit::none, 1, 100'000},
      {"upstream.batch.bytes_max", up(&UpstreamOptions::batch, &BatchOptions::bytes_max),
       "It also closes at this size before compression.", Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.compressed_bytes_max",
       up(&UpstreamOptions::batch, &BatchOptions::compressed_bytes_max),
       "It also closes when it would compress to more than this.", Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.linger_ms", up(&UpstreamOptions::batch, &BatchOptions::linger_ms),
       "It also closes when its first message has waited this long.", Unit::milliseconds, 0, 3'600'000},
      {"upstream.batch.zstd_level", up(&UpstreamOptions::batch, &BatchOptions::zstd_level),
       "Compression effort; higher is smaller and slower.", Unit::none, 1, 19},
      {"upstream.batch.layout", up(&UpstreamOptions::batch, &BatchOptions::layout),
       "`rows` are JSON that anybody reads, `columns` are half their size or less, for readers that know "
       "them. See batch-format.md#columns."},
      {"upstream.batch.compression", up(&UpstreamOptions::batch, &BatchOptions::compression),
       "`none` is for upstreams that look into bodies."},
      {.path = "upstream.batch.dictionary_file",
       .slot = up(&UpstreamOptions::batch, &BatchOptions::dictionary_file),
       .doc =
           "Dictionary of zstd that makes small batches smaller, for a consumer that says that it holds it; "
           "empty: none. See batch-format.md#dictionaries.",
       .rule = kPathOrEmpty},
      {"upstream.in_flight_batches", link(&LinkOptions::in_flight_max),
       "Batches sent before the first is acknowledged; 0: as many as the line takes.", Unit::none, 0, 1000},
      {"upstream.answer_timeout_s", in_seconds(up(&UpstreamOptions::answer_timeout_ms)),
       "How long the oldest of them may wait for its acknowledgement; then the link is made anew and all of "
       "them are sent again.",
       Unit::seconds, 1, 86'400},
      {"upstream.no_subscriber", up(&UpstreamOptions::no_subscriber),
       "While the broker says that nobody subscribes to the topic: `wait` keeps messages, `deliver` counts "
       "them as delivered, for brokers whose rules consume; MQTT 3.1.1 never says it. See "
       "configuration.md#when-nobody-subscribes."},
      {"upstream.backoff.base_ms", up(&UpstreamOptions::backoff, &BackoffOptions::base_ms),
       "First wait before connecting again.", Unit::milliseconds, 10, 3'600'000},
      {"upstream.backoff.cap_ms", up(&UpstreamOptions::backoff, &BackoffOptions::cap_ms),
       "Longest wait before connecting again.", Unit::milliseconds, 10, 86'400'000},
  };
}

Keys presence_keys() {
  return {
      {"upstream.presence_s", up(&UpstreamOptions::presence_s),
       "How often the hub says upstream that it is there and how it is; 0: never. See "
       "operations.md#presence.",
       Unit::seconds, 0, 86'400},
      {.path = "upstream.presence_topic",
       .slot = up(&UpstreamOptions::presence_topic),
       .doc = "Topic for that, retained, also of the will; `{hub}` is replaced by the hub id.",
       .rule = kTopic},
  };
}

Keys remote_keys() {
  const auto remote = [](auto member) { return up(&UpstreamOptions::remote, member); };
  return {
      {.path = "upstream.remote_config.key_file",
       .slot = remote(&RemoteOptions::key_file),
       .doc = "Public Ed25519 key (PEM) of whoever signs the documents that are laid over this file; empty: "
              "none are taken. See remote-configuration.md.",
       .rule = kPathOrEmpty},
      {.path = "upstream.remote_config.group",
       .slot = remote(&RemoteOptions::group),
       .doc = "Group of hubs whose documents are taken too; empty: none.",
       .rule = {is_hub_name, "up to 64 of letters, digits, - . _"}},
      {.path = "upstream.remote_config.topic",
       .slot = remote(&RemoteOptions::topic),
       .doc = "Topic upstream that documents come on; `{hub}` is replaced by the hub id, and by the group.",
       .rule = kTopic},
      {.path = "upstream.remote_config.reported_topic",
       .slot = remote(&RemoteOptions::reported_topic),
       .doc = "Topic upstream, retained, for what became of the last one; `{hub}` is replaced by the hub id.",
       .rule = kTopic},
      {"upstream.remote_config.confirm_s", remote(&RemoteOptions::confirm_s),
       "How long the hub may try in vain to reach the broker under a new document before that of before is "
       "in force again.",
       Unit::seconds, 1, 86'400},
  };
}

Keys downstream_list_keys() {
  return {
      {.path = "upstream.downstream",
       .slot = up(&UpstreamOptions::downstream),
       .doc = "Topics of the upstream broker that are brought down, such as commands: a list of objects. See "
              "commands.md.",
       .max = kDownstreamMax},
      {"upstream.session_expiry_s", link(&LinkOptions::session_expiry_s),
       "How long the broker keeps what comes for them while the link is down; MQTT 5.", Unit::seconds, 1,
       kU32Max},
      {.path = "upstream.receipts_topic",
       .slot = up(&UpstreamOptions::receipts_topic),
       .doc = "Topic upstream for receipts of commands that have an id; `{hub}` is replaced by the hub id.",
       .rule = kTopic},
  };
}

Keys fail_over_keys() {
  return {
      {"upstream.fail_over_s", in_seconds(up(&UpstreamOptions::fail_over_ms)),
       "How long a link is down before the next one in a route's order of preference takes over. See "
       "configuration.md#links.",
       Unit::seconds, 0, 86'400},
      {.path = "upstream.time_zone",
       .slot = up(&UpstreamOptions::time_zone),
       .doc = "Time zone in which links have their days, months and windows: a name such as `Europe/Berlin`.",
       .rule = {is_time_zone, "a time zone that the system has, such as \"Europe/Berlin\" or \"UTC\""}},
      {.path = "links",
       .slot = at(&Config::links),
       .doc = "Several links upstream by their names, the preferred first: `{\"fiber\": {…}, \"lte\": {…}}`, "
              "instead of the connection in `upstream`. See configuration.md#links.",
       .max = 16},
  };
}

}  // namespace

Keys upstream_keys() {
  return joined({connection_keys(), mode_keys(), batch_keys(), chain_keys(), acknowledgement_keys(),
                 downstream_list_keys(), remote_keys(), presence_keys(), fail_over_keys()});
}

}  // namespace headgate::hub
