// Settings of the upstream link for the operator, with their defaults (config key "upstream").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/os/secret.h"
#include "core/tls_files.h"
#include "store/lane_picker.h"
#include "upstream/drain_order.h"
#include "upstream/payload/batch_form.h"

namespace headgate::upstream {

// How to reach the upstream broker. Files are read at every connect, so that they can be rotated.
struct LinkOptions {
  std::string host;  // empty: no link, the queue only fills
  uint16_t port = 1883;
  uint8_t protocol = 5;   // MQTT protocol level: 5, or 4 for MQTT 3.1.1
  std::string client_id;  // empty: the broker chooses one
  std::string username;
  core::SecretSource password;  // or
  std::string password_file;    // its first line, without the line end
  uint16_t keep_alive_s = 60;
  uint16_t in_flight_max = 0;  // publishes (batches) without an answer; 0: as many as the line takes
  core::TlsFiles tls;          // used when `ca_file` is set; the other two (both or neither) make it mutual
  std::string bind_address;    // local address to connect from; empty: the system chooses
  std::string interface;       // that packets have to leave by; empty: the system chooses
  std::string alpn;            // protocol that the TLS handshake asks for; empty: none
  uint32_t packet_bytes_max = 0;  // that the broker takes, if it takes less than it says; 0: what it says
  // With a key the password is a token for this resource, made anew for each connection.
  core::SecretSource sas_key;  // base64, or
  std::string sas_key_file;    // its first line, or
  std::string sas_key_text;    // the key itself, of a registered identity; no configuration has it
  std::string sas_resource;
  int64_t renew_after_s = 0;  // after so long a connection is made anew; 0: never
  // Published by the broker, retained, when a connection has ended, however; empty: nothing is.
  std::string will_topic;
  std::string will_payload;
  // The broker keeps subscriptions, and what comes for them, while the link is down.
  bool keeps_session = false;
  uint32_t session_expiry_s = 2'592'000;  // MQTT 5: for so long

  [[nodiscard]] bool has_password() const { return !password.empty() || !password_file.empty(); }
  [[nodiscard]] bool has_sas_key() const {
    return !sas_key.empty() || !sas_key_file.empty() || !sas_key_text.empty();
  }
  // Publishes that the link ever holds without an answer.
  [[nodiscard]] uint16_t in_flight_bound() const { return in_flight_max == 0 ? 1000 : in_flight_max; }

  friend bool operator==(const LinkOptions&, const LinkOptions&) = default;
};

// Topics of the upstream broker that are brought down, and their names here: a remote topic is `remote_prefix` with
// what `topic` matches behind it, and the local one is `local_prefix` with the same behind it.
struct DownstreamTopic {
  std::string topic;          // a filter; empty: the two prefixes are topics
  std::string remote_prefix;  // with {hub} for the hub's id
  std::string local_prefix;   // the same
  uint8_t qos = 1;            // 0 or 1
  std::string publish_as;     // user by whose rights they are published here; empty: $downstream
  std::string id_member;      // member of a JSON body that holds a command's id; empty: ids are properties

  friend bool operator==(const DownstreamTopic&, const DownstreamTopic&) = default;
};

// Price of what goes over a link: it decides how long the link stays connected for nothing.
enum class LinkCost : uint8_t { free, metered, expensive };

// When a link is connected: `by_cost` is `always` for a free one, else `when_needed`.
enum class Connect : uint8_t { by_cost, always, when_needed };

// Cloud whose forms and limits a link keeps to.
enum class Preset : uint8_t { generic, azure_iot_hub, aws_iot_core };

// Under whose name messages go to a cloud that knows devices by their topics.
enum class SendsAs : uint8_t {
  hub,       // all under the device of the link
  identity,  // each under whoever has sent it, over a connection of its own
};

// Terms on which a link may be used, beside others that lead upstream too. 0 is no limit.
struct LinkTerms {
  LinkCost cost = LinkCost::free;
  Connect connect = Connect::by_cost;
  uint16_t keep_alive_s = 0;                     // of the connection; 0: by the cost
  uint8_t priority_max = store::kLaneCount - 1;  // lanes after this one wait for another link
  uint8_t zstd_level = 0;                        // of its batches; 0: by the cost
  uint64_t rate_bytes_per_s = 0;                 // on the wire
  uint64_t burst_bytes = 65536;                  // that may pass at once after a silence
  uint64_t day_bytes_max = 0;
  uint64_t month_bytes_max = 0;
  uint8_t month_first_day = 1;    // 1 to 28
  std::vector<std::string> open;  // windows such as "mon-fri 02:00-05:00"; none: always
  bool urgent_opens = true;  // something that waits in lane 0 opens it outside its windows, for that lane
  std::string topic;         // empty: UpstreamOptions::topic
  DrainOrder order = DrainOrder::oldest_first;

  friend bool operator==(const LinkTerms&, const LinkTerms&) = default;
};

// Describes a link upstream.
struct NamedLink {
  std::string name;
  Preset preset = Preset::generic;
  std::string device = {};  // its name in that cloud; empty: the hub's id
  SendsAs as = SendsAs::hub;
  uint16_t identities_max = 50;  // connected at a time, beside the device of the link
  LinkOptions connection;
  LinkTerms terms;
  std::vector<DownstreamTopic> downstream = {};
  std::string username_form = {};  // of a preset: the user name, with {identity} for who it is

  friend bool operator==(const NamedLink&, const NamedLink&) = default;
};

// Gives the keep-alive of a link if nobody says: every so often, for money, costs more the more often it is.
[[nodiscard]] constexpr uint16_t keep_alive_s_of(LinkCost cost) {
  switch (cost) {
    case LinkCost::free:
      return 60;
    case LinkCost::metered:
      return 300;
    case LinkCost::expensive:
      return 900;
  }
  return 60;
}

// Gives the compression level of batches over a link if nobody says: what a byte costs decides what CPU it is worth. `least`:
// of batches over a free one.
[[nodiscard]] constexpr int zstd_level_of(LinkCost cost, int least) {
  constexpr int kThorough = 13;  // a twelfth smaller, for eight times the CPU (docs/batch-format.md)
  return cost == LinkCost::free || least > kThorough ? least : kThorough;
}

// The link of a configuration that describes one in `upstream`, without naming it.
inline constexpr std::string_view kOnlyLink = "upstream";

// When a batch is closed and how it is compressed.
struct BatchOptions {
  size_t messages_max = 1000;
  size_t bytes_max = 1048576;           // of JSON, before compression
  size_t compressed_bytes_max = 65536;  // of payload on the wire
  int64_t linger_ms = 1000;             // how long a message may wait for company
  int zstd_level = 9;
  BatchLayout layout = BatchLayout::rows;
  BatchCompression compression = BatchCompression::zstd;
  std::string dictionary_file = {};  // of zstd, for a consumer that holds it; read at the start; empty: none
};

// Waiting between attempts to connect: decorrelated jitter between the two.
struct BackoffOptions {
  int64_t base_ms = 1000;
  int64_t cap_ms = 300000;
};

// Fate of a batch that the broker took and had nobody to give to. MQTT 5 tells; MQTT 3.1.1 does not, and every batch
// that its broker acknowledges counts as delivered.
enum class NoSubscriber : uint8_t {
  wait,     // it stays in the queue until somebody subscribes
  deliver,  // it counts as delivered: the broker itself consumes it, by rules
};

// How messages go upstream.
enum class Mode : uint8_t {
  batch,        // many in a payload, with their ids
  passthrough,  // each as it is, under a topic of its own
};

// Whether batches are numbered, each naming the one before it, so that a reader can tell whether it has all of them.
struct ChainOptions {
  bool enabled = true;
  bool announce =
      true;  // the last number, retained, below the topic of the batches, at "head" and the stream
  std::string key_file;  // with one, hashes are HMACs that nobody without the key can make; read at the start
};

// Whose answer ends what a batch holds.
enum class Acknowledgement : uint8_t {
  broker,      // of the broker that it is published to
  end_to_end,  // of whoever consumes it, by a retained message
};

// Most batches that a consumer may have on their way to it.
inline constexpr uint32_t kCreditBatchesMax = 1000;

// A document that comes down, signed, and is laid over the configuration (docs/remote-configuration.md).
struct RemoteOptions {
  [[nodiscard]] bool enabled() const { return !key_file.empty(); }

  std::string
      key_file;  // public Ed25519 key (PEM) of whoever signs; empty: no document is taken; read at the start
  std::string group;                             // of hubs, whose documents are taken too; empty: none
  std::string topic = "headgate/{hub}/desired";  // {hub} is the hub's id, or the group
  std::string reported_topic = "headgate/{hub}/reported";
  uint32_t confirm_s =
      600;  // for so long a link may try in vain before the document of before is in force again
};

struct UpstreamOptions {
  [[nodiscard]] bool enabled() const { return !link.host.empty(); }

  LinkOptions link;  // the only one, or what the forwarder has to know of any
  bool link_waits =
      false;  // connect() may take as long as it likes: the link has its own waits, and reports them
  std::string topic = "headgate/{hub}/batches";
  std::string stream = "upstream";  // "st" in every batch
  Mode mode = Mode::batch;
  std::string passthrough_topic = "{topic}";  // {topic} is the message's, {hub} the hub's id
  uint32_t presence_s = 0;                    // how often the hub says that it is there; 0: never
  std::string presence_topic = "headgate/{hub}/presence";  // below it, the name of a link that has one
  std::vector<DownstreamTopic> downstream;                 // of the only link
  std::string receipts_topic = "headgate/{hub}/receipts";  // for commands that have an id
  RemoteOptions remote;
  BatchOptions batch;
  ChainOptions chain;
  store::LaneMode lane_mode = store::LaneMode::strict;
  BackoffOptions backoff;
  uint32_t attempts_max = 5;           // how often a lone message may be refused before it is dead
  int64_t connect_timeout_ms = 30000;  // from connect() to CONNACK
  int64_t answer_timeout_ms = 300000;  // from being the oldest batch in flight to its PUBACK
  NoSubscriber no_subscriber = NoSubscriber::wait;
  Acknowledgement acknowledgement = Acknowledgement::broker;
  uint32_t credit_batches = 32;  // that may lack the consumer's acknowledgement, until it says how many
  int64_t acknowledgement_timeout_ms = 600000;  // without one they are sent again, then after twice as long
  std::string time_zone = "UTC";  // in which links have days and months: a name of the system's time zones
  int64_t fail_over_ms = 10000;   // how long a better link is down before another one takes over
};

// `pattern` with every `{hub}` replaced.
[[nodiscard]] std::string expand_hub(std::string_view pattern, std::string_view hub);
// `pattern` with every `{topic}` replaced.
[[nodiscard]] std::string expand_topic(std::string_view pattern, std::string_view topic);
// `pattern` with every `{identity}` replaced.
[[nodiscard]] std::string expand_identity(std::string_view pattern, std::string_view identity);

// Where the hub says that it is there over this link; empty: it does not. Clouds retain nothing, or end connections for
// topics that their policies do not name.
[[nodiscard]] std::string presence_topic_of(const UpstreamOptions& options, const NamedLink& link,
                                            std::string_view hub);

// Topics upstream that documents for this hub come on.
[[nodiscard]] std::vector<std::string> document_topics(const RemoteOptions& options, std::string_view hub);

// Documents come down over this link, and are reported over it: a broker that keeps retained messages.
[[nodiscard]] bool brings_documents(const UpstreamOptions& options, const NamedLink& link);

// Sets what the mode leaves no choice about: of messages that pass through, each goes alone and at once, and none can name the
// one before it or say that others are lost. Who subscribes to its topic says nothing of the next one's.
[[nodiscard]] UpstreamOptions fit_to_mode(UpstreamOptions options);

}  // namespace headgate::upstream
