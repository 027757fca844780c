#include "hub/config/keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "core/text.h"
#include "core/topic.h"
#include "core/units.h"

namespace headgate::hub {

using store::Durability;

namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
constexpr uint64_t kGiB = 1024 * kMiB;
constexpr uint64_t kTiB = 1024 * kGiB;
constexpr uint64_t kPiB = 1024 * kTiB;
constexpr uint64_t kMessagesMax = 1'000'000'000'000;
constexpr uint64_t kU16Max = std::numeric_limits<uint16_t>::max();
constexpr uint64_t kU32Max = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kPacketBytesMin = 1024;
constexpr uint64_t kPacketBytesMax = 268'435'460;  // remaining length 268,435,455 and a 5-byte header
constexpr uint64_t kDurabilityIntervalMsMax = 60'000;
constexpr size_t kHubIdBytesMax = 64;

bool is_hub_id(std::string_view text) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  };
  return text.size() <= kHubIdBytesMax && std::all_of(text.begin(), text.end(), allowed);
}

bool is_not_empty(std::string_view text) { return !text.empty(); }

bool is_host(std::string_view text) {
  const auto odd = [](unsigned char c) { return std::isspace(c) != 0 || c == '/' || c == '@'; };
  return text.size() <= 255 && std::none_of(text.begin(), text.end(), odd);
}

bool is_topic_pattern(std::string_view text) {
  return core::is_valid_topic_name(text) && text.front() != '$';
}

bool is_socket_path(std::string_view text) { return text.size() <= kSocketPathBytesMax; }

bool is_mqtt_string(std::string_view text) { return text.size() <= kU16Max && core::is_valid_utf8(text); }

constexpr TextRule kHubId = {is_hub_id, "up to 64 of letters, digits, - . _"};
constexpr TextRule kNotEmpty = {is_not_empty, "a path, not empty"};
constexpr TextRule kHost = {is_host, "a host name or IP address alone, without scheme, port or path"};
constexpr TextRule kTopic = {is_topic_pattern,
                             "an MQTT topic without + and #, not beginning with $; {hub} is the hub id"};
constexpr TextRule kSocket = {is_socket_path, "a path of at most 107 bytes, the system's limit for sockets"};
// One client that is away must not hold back everybody who publishes.
bool is_for_sessions(std::string_view text) { return text != core::to_string(core::OnFull::reject); }

constexpr TextRule kSessionOnFull = {is_for_sessions, "\"drop-newest\", \"drop-oldest\" or \"dilute\""};
constexpr TextRule kMqttString = {is_mqtt_string, "up to 65535 bytes of UTF-8"};

using Upstream = UpstreamConfig;

std::vector<Key<Config>> hub_keys() {
  return {
      {.path = "hub_id",
       .slot = at(&Config::hub_id),
       .doc = "Name of this hub in batches and topics; empty takes the host name. Keep it for the life of "
              "the site.",
       .rule = kHubId},
      {.path = "data_dir",
       .slot = at(&Config::data_dir),
       .doc = "Directory of everything durable; made if it is missing, used by one hub at a time.",
       .rule = kNotEmpty},
      {"user", at(&Config::user),
       "User that the hub becomes when root has started it, after it has bound its ports and read its "
       "certificates; empty: it stays who it is."},
      {.path = "listeners",
       .slot = at(&Config::listeners),
       .doc = "Where MQTT clients connect.",
       .min = 1,
       .max = 64},
  };
}

std::vector<Key<Config>> access_keys() {
  return {
      {"auth.password_file", at(&Config::auth, &AuthConfig::password_file),
       "File of users, user:hash a line, as `headgate passwd` and mosquitto_passwd write it; empty: there "
       "are no "
       "users."},
      {"auth.identities", at(&Config::auth, &AuthConfig::identities),
       "Users and certificates that are modules or devices: {\"user\": {\"module\": \"name\"}}; one * in "
       "both "
       "stands for the same text."},
      {"access.rules", at(&Config::access, &AccessConfig::rules),
       "Who may publish, subscribe and receive what. What denies goes before what allows; what no rule "
       "allows is "
       "denied."},
  };
}

std::vector<Key<Config>> limit_keys() {
  using L = LimitsConfig;
  const auto limit = [](auto member) { return at(&Config::limits, member); };
  return {
      {"limits.packet_bytes_max", limit(&L::packet_bytes_max),
       "Largest MQTT packet taken from a client; larger ones close the connection.", Unit::bytes,
       kPacketBytesMin, kPacketBytesMax},
      {"limits.connect_timeout_s", limit(&L::connect_timeout_s),
       "How long a new connection may take to send CONNECT.", Unit::seconds, 1, 3600},
      {"limits.keep_alive_s_max", limit(&L::keep_alive_s_max),
       "Longest keep-alive granted; 0 grants what the client asks for.", Unit::seconds, 0, kU16Max},
      {"limits.receive_maximum", limit(&L::receive_maximum),
       "QoS 1 and 2 publishes that a client may have unacknowledged.", Unit::none, 1, kU16Max},
      {"limits.in_flight_max", limit(&L::in_flight_max),
       "QoS 1 and 2 publishes that the hub sends a client before it acknowledges.", Unit::none, 1, kU16Max},
      {"limits.queued_messages_max", limit(&L::queued_messages_max),
       "Messages kept in memory for one client that is slow to read; durable queues are not concerned.",
       Unit::none, 1, 100'000'000},
      {"limits.queued_bytes_max", limit(&L::queued_bytes_max),
       "The same in bytes; whichever limit comes first.", Unit::bytes, kKiB, kTiB},
      {"limits.write_buffer_bytes_max", limit(&L::write_buffer_bytes_max),
       "Bytes sent to a client that its socket has not taken; beyond it the client is not read, its QoS 0 is "
       "dropped and the rest waits.",
       Unit::bytes, kKiB, kTiB},
      {"limits.slow_reader_timeout_s", limit(&L::slow_reader_timeout_s),
       "How long a client may be beyond that and take nothing before it is closed.", Unit::seconds, 1,
       86'400},
      {"limits.session_expiry_s_max", limit(&L::session_expiry_s_max),
       "Longest session expiry granted; 4294967295 is for ever.", Unit::seconds, 0, kU32Max},
      {"limits.connections_max", limit(&L::connections_max),
       "Connections open at a time, over all listeners.", Unit::none, 1, 1'000'000},
      {"limits.connections_per_address_max", limit(&L::connections_per_address_max),
       "Connections open at a time from one address (of IPv6: one /64 network) other than this machine's; 0 "
       "is "
       "no limit.",
       Unit::none, 0, 1'000'000},
      {"limits.connect_rate_max", limit(&L::connect_rate_max),
       "New connections a second from one address other than this machine's; ten seconds' worth may come at "
       "once; 0 is no limit.",
       Unit::none, 0, 1'000'000},
      {"limits.topic_aliases_max", limit(&L::topic_aliases_max),
       "Topic aliases that an MQTT 5 client may use towards the hub; 0 forbids them.", Unit::none, 0,
       kU16Max},
      {"limits.topic_aliases_out_max", limit(&L::topic_aliases_out_max),
       "Topic aliases that the hub uses towards a client that takes some; 0 for none.", Unit::none, 0,
       kU16Max},
      {"limits.topic_levels_max", limit(&L::topic_levels_max),
       "Levels of a topic or filter; deeper ones are refused.", Unit::none, 1, 1000},
      {"limits.topic_bytes_max", limit(&L::topic_bytes_max),
       "Length of a topic or filter; longer ones are refused.", Unit::bytes, 1, kU16Max},
      {"limits.user_properties_max", limit(&L::user_properties_max),
       "User properties in one message; messages with more are refused.", Unit::none, 0, 100'000},
      {"limits.subscriptions_per_client_max", limit(&L::subscriptions_per_client_max),
       "Subscriptions that a client may have; further ones are refused.", Unit::none, 1, 1'000'000},
      {"limits.sessions_max", limit(&L::sessions_max),
       "Sessions at a time, of connected clients and kept ones; new clients beyond are refused.", Unit::none,
       1, 10'000'000},
      {"limits.retained_messages_max", limit(&L::retained_messages_max),
       "Retained messages kept; publishes beyond are refused.", Unit::none, 0, 10'000'000},
      {"limits.retained_bytes_max", limit(&L::retained_bytes_max),
       "The same in bytes: retained messages are also held in memory.", Unit::bytes, 0, kTiB},
  };
}

std::vector<Key<Config>> store_and_route_keys() {
  using S = QueueLimitsConfig;
  const auto limits = [](auto member) { return at(&Config::store, &StoreConfig::limits, member); };
  return {
      {"store.durability", at(&Config::store, &StoreConfig::durability),
       "When a publish is acknowledged: \"sync\" after it is on disk, \"interval:<ms>\" with a sync that "
       "often, "
       "\"memory\" without one: a power cut loses what the system had not written."},
      {"store.cache_bytes", at(&Config::store, &StoreConfig::cache_bytes),
       "Memory for blocks read back from disk.", Unit::bytes, 64 * kKiB, kTiB},
      {"store.tail_bytes", at(&Config::store, &StoreConfig::tail_bytes),
       "Memory for messages just appended, from which consumers that keep up are served.", Unit::bytes, 0,
       kTiB},
      {"store.lane_mode", at(&Config::store, &StoreConfig::lane_mode),
       "Which priority goes out next, to modules and upstream: \"strict\" the best that has anything; "
       "\"weighted\" all in turn, priority 0 with 11 parts to 1 of messages without a priority."},
      {"store.min_free_bytes", at(&Config::store, &StoreConfig::space, &store::SpaceLimits::min_free_bytes),
       "Free space on the store's file system below which no message is stored, at most an eighth of it; all "
       "else goes on; 0 is no limit.",
       Unit::bytes, 0, kTiB},
      {"store.reserve_bytes", at(&Config::store, &StoreConfig::space, &store::SpaceLimits::reserve_bytes),
       "Space set aside beside the store, at most a sixteenth of its file system, to go on with when "
       "somebody else has filled it; 0 for none.",
       Unit::bytes, 0, kTiB},
      {"store.bytes_max", limits(&S::bytes_max),
       "What may wait in all queues together, counted once a queue; what a queue does then is as if it were "
       "full itself; 0 is no limit.",
       Unit::bytes, 0, kPiB},
      {"store.queue_bytes_max", limits(&S::queue_bytes_max),
       "What may wait in a queue that routes lead to and give no maxBytes; 0 is no limit.", Unit::bytes, 0,
       kPiB},
      {"store.queue_messages_max", limits(&S::queue_messages_max), "The same in messages, for maxMessages.",
       Unit::none, 0, kMessagesMax},
      {"store.queue_age_max_s", limits(&S::queue_age_max_s),
       "How old a message may become in such a queue before it expires, for maxAge; 0 is no limit.",
       Unit::seconds, 0, kU32Max},
      {"store.on_full", limits(&S::on_full),
       "What such a queue does when it is full, for onFull: \"reject\" refuses the message, \"drop-oldest\" "
       "and \"dilute\" make room for it, \"drop-newest\" drops it."},
      {"store.session_bytes_max", limits(&S::session_bytes_max),
       "What may wait for one persistent session; 0 is no limit.", Unit::bytes, 0, kPiB},
      {"store.session_messages_max", limits(&S::session_messages_max), "The same in messages.", Unit::none, 0,
       kMessagesMax},
      {.path = "store.session_on_full",
       .slot = limits(&S::session_on_full),
       .doc = "What happens to a message for a session that has no room: \"drop-newest\", \"drop-oldest\" or "
              "\"dilute\"; a publisher is never refused for it.",
       .rule = kSessionOnFull},
      {"store.dead_bytes_max", limits(&S::dead_bytes_max),
       "What the queue of dead letters may hold, and at most one letter for each KiB of it; beyond that the "
       "oldest are dropped; 0 is no limit.",
       Unit::bytes, 0, kPiB},
      {"routes", at(&Config::routes),
       "name: \"FROM … INTO …\", or an object with route, priority, timeToLiveSecs, semantics, body, "
       "queue, onRemove."},
      {"routes_dir", at(&Config::routes_dir),
       "Directory whose *.json files hold more routes: {\"routes\": {…}} or an IoT Edge deployment "
       "manifest."},
      {"time_to_live_s", at(&Config::time_to_live_s),
       "How long a message may wait, on routes without their own; 0 is for ever.", Unit::seconds, 0, kU32Max},
      {"sys_interval_s", at(&Config::sys_interval_s),
       "How often what has changed under $SYS is published to who subscribes to it; 0 publishes nothing "
       "there.",
       Unit::seconds, 0, 86'400},
  };
}

std::vector<Key<Config>> upstream_link_keys() {
  const auto up = [](auto... members) { return at(&Config::upstream, members...); };
  return {
      {.path = "upstream.host",
       .slot = up(&Upstream::host),
       .doc = "Broker that batches go to; empty: no link, $upstream only queues.",
       .rule = kHost},
      {"upstream.port", up(&Upstream::port), "Its port.", Unit::none, 1, kU16Max},
      {"upstream.protocol", up(&Upstream::protocol), "MQTT version: 5, or 4 for MQTT 3.1.1.", Unit::none, 4,
       5},
      {.path = "upstream.client_id",
       .slot = up(&Upstream::client_id),
       .doc = "MQTT client id; empty takes headgate-<hub_id>.",
       .rule = kMqttString},
      {.path = "upstream.username",
       .slot = up(&Upstream::username),
       .doc = "User name; empty sends none.",
       .rule = kMqttString},
      {"upstream.password_file", up(&Upstream::password_file),
       "File whose first line is the password; empty sends none."},
      {"upstream.keep_alive_s", up(&Upstream::keep_alive_s), "Keep-alive of the link.", Unit::seconds, 5,
       kU16Max},
      {"upstream.tls.ca_file", up(&Upstream::tls, &TlsConfig::ca_file),
       "Certificates (PEM) that the broker's must descend from; setting it turns TLS on."},
      {"upstream.tls.cert_file", up(&Upstream::tls, &TlsConfig::cert_file),
       "Client certificate (PEM) for mutual TLS."},
      {"upstream.tls.key_file", up(&Upstream::tls, &TlsConfig::key_file),
       "Private key (PEM) of the client certificate."},
      {.path = "upstream.topic",
       .slot = up(&Upstream::topic),
       .doc = "Topic that batches are published to; {hub} is replaced by the hub id.",
       .rule = kTopic},
  };
}

std::vector<Key<Config>> upstream_batch_keys() {
  const auto batch = [](auto member) { return at(&Config::upstream, &Upstream::batch, member); };
  const auto backoff = [](auto member) { return at(&Config::upstream, &Upstream::backoff, member); };
  return {
      {"upstream.batch.messages_max", batch(&BatchConfig::messages_max),
       "A batch closes at this many messages,", Unit::none, 1, 100'000},
      {"upstream.batch.bytes_max", batch(&BatchConfig::bytes_max), "or at this size before compression,",
       Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.compressed_bytes_max", batch(&BatchConfig::compressed_bytes_max),
       "or when it would compress to more than this,", Unit::bytes, kKiB, 256 * kMiB},
      {"upstream.batch.linger_ms", batch(&BatchConfig::linger_ms),
       "or when its first message has waited this long.", Unit::milliseconds, 0, 3'600'000},
      {"upstream.batch.zstd_level", batch(&BatchConfig::zstd_level),
       "Compression effort; higher is smaller and slower.", Unit::none, 1, 19},
      {"upstream.in_flight_batches", at(&Config::upstream, &Upstream::in_flight_batches),
       "Batches sent before the first is acknowledged.", Unit::none, 1, 1000},
      {"upstream.backoff.base_ms", backoff(&BackoffConfig::base_ms), "First wait before connecting again.",
       Unit::milliseconds, 10, 3'600'000},
      {"upstream.backoff.cap_ms", backoff(&BackoffConfig::cap_ms), "Longest wait before connecting again.",
       Unit::milliseconds, 10, 86'400'000},
  };
}

std::vector<Key<Config>> operator_keys() {
  return {
      {.path = "admin.socket",
       .slot = at(&Config::admin, &AdminConfig::socket),
       .doc = "Unix socket that the headgate command talks to; empty: admin.sock in data_dir.",
       .rule = kSocket},
      {"log.level", at(&Config::log, &LogConfig::level),
       "Least important lines written: debug, info, warn or error."},
      {"log.file", at(&Config::log, &LogConfig::file), "File that the log is appended to; empty: stderr."},
  };
}

}  // namespace

const std::vector<Key<Config>>& config_keys() {
  static const std::vector<Key<Config>> kKeys = [] {
    std::vector<Key<Config>> all;
    for (auto part : {hub_keys(), access_keys(), limit_keys(), store_and_route_keys(), upstream_link_keys(),
                      upstream_batch_keys(), operator_keys()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kKeys;
}

template <>
std::span<const EnumName<core::LogLevel>> enum_names() {
  using enum core::LogLevel;
  static constexpr std::array<EnumName<core::LogLevel>, 4> kNames = {
      {{"debug", debug}, {"info", info}, {"warn", warn}, {"error", error}}};
  return kNames;
}

template <>
std::span<const EnumName<core::OnFull>> enum_names() {
  static constexpr auto kNames = [] {
    using enum core::OnFull;
    std::array<EnumName<core::OnFull>, core::kOnFullNames.size()> names{};
    size_t at = 0;
    for (const core::OnFull on_full : {reject, drop_oldest, drop_newest, dilute}) {
      names[at++] = {to_string(on_full), on_full};
    }
    return names;
  }();
  return kNames;
}

template <>
std::span<const EnumName<store::LaneMode>> enum_names() {
  using enum store::LaneMode;
  static constexpr std::array<EnumName<store::LaneMode>, 2> kNames = {
      {{"strict", strict}, {"weighted", weighted}}};
  return kNames;
}

std::string with_unit(uint64_t value, Unit unit) {
  switch (unit) {
    case Unit::none:
      return std::to_string(value);
    case Unit::seconds:
      return std::to_string(value) + " s";
    case Unit::milliseconds:
      return std::to_string(value) + " ms";
    case Unit::bytes:
      break;
  }
  for (const core::SizeSuffix& suffix : core::kSizeSuffixes) {
    const bool binary = suffix.name.size() == 3;
    if (binary && value >= suffix.bytes && value % suffix.bytes == 0) {
      return std::to_string(value / suffix.bytes).append(suffix.name);
    }
  }
  return std::to_string(value) + " bytes";
}

core::Result<Durability> parse_durability(std::string_view text) {
  using Mode = Durability::Mode;
  if (text == "sync") return Durability{};
  if (text == "memory") return Durability{Mode::memory};
  constexpr std::string_view kInterval = "interval:";
  if (text.starts_with(kInterval)) {
    const auto interval_ms = core::parse_whole<uint32_t>(text.substr(kInterval.size()));
    if (interval_ms && *interval_ms >= 1 && *interval_ms <= kDurabilityIntervalMsMax) {
      return Durability{Mode::interval, *interval_ms};
    }
  }
  return core::fail(core::Errc::invalid, "\"sync\", \"interval:<1 to 60000 ms>\" or \"memory\"");
}

std::string to_string(const Durability& durability) {
  switch (durability.mode) {
    case Durability::Mode::sync:
      return "sync";
    case Durability::Mode::memory:
      return "memory";
    case Durability::Mode::interval:
      break;
  }
  return "interval:" + std::to_string(durability.interval_ms);
}

}  // namespace headgate::hub
