// headgate.json: what an operator may set, as plain values. Every key is optional.
//
// One table (hub/config/keys.cc) holds each key's path, type, bounds and sentence; parsing, error texts and
// the reference are made from it. Durations are integers, with the unit at the end of the key; byte sizes are
// numbers or texts such as "64MiB".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "hub/access/identities.h"
#include "hub/access/rules.h"
#include "hub/config/listener_entry.h"
#include "hub/config/store_limits.h"
#include "routing/files/route_file.h"
#include "store/disk/space_watch.h"
#include "store/durability.h"
#include "store/lane_picker.h"
#include "store/queue_policy.h"

namespace headgate::hub {

struct LimitsConfig {
  uint32_t packet_bytes_max = 1'048'576;
  uint32_t connect_timeout_s = 10;
  uint16_t keep_alive_s_max = 0;  // 0 = whatever the client asks for
  uint16_t receive_maximum = 1024;
  uint16_t in_flight_max = 1024;
  uint32_t queued_messages_max = 10'000;
  uint64_t queued_bytes_max = 16'777'216;
  uint64_t write_buffer_bytes_max = 1'048'576;
  uint32_t slow_reader_timeout_s = 60;
  uint32_t session_expiry_s_max = 4'294'967'295;  // the largest value means "for ever" (MQTT-3.1.2-23)
  uint32_t connections_max = 10'000;
  uint32_t connections_per_address_max = 5'000;  // 0 = no limit
  uint32_t connect_rate_max = 200;               // a second and address; 0 = no limit
  uint16_t topic_aliases_max = 32;
  uint16_t topic_aliases_out_max = 32;
  uint32_t topic_levels_max = 200;
  uint32_t topic_bytes_max = 4096;
  uint32_t user_properties_max = 256;
  uint32_t subscriptions_per_client_max = 10'000;
  uint32_t sessions_max = 100'000;
  uint32_t retained_messages_max = 100'000;
  uint64_t retained_bytes_max = 67'108'864;
};

// "sync", "interval:<ms>" or "memory", as the config writes it.
[[nodiscard]] std::string to_string(const store::Durability& durability);

// 0 = no limit.
struct QueueLimitsConfig {
  uint64_t bytes_max = 0;
  uint64_t queue_bytes_max = 0;
  uint64_t queue_messages_max = 0;
  uint32_t queue_age_max_s = 0;
  core::OnFull on_full = core::OnFull::reject;
  uint64_t session_bytes_max = 0;
  uint64_t session_messages_max = 0;
  core::OnFull session_on_full = core::OnFull::drop_newest;  // never `reject`
  uint64_t dead_bytes_max = 67'108'864;
};

struct StoreConfig {
  store::Durability durability;
  uint64_t cache_bytes = 8'388'608;
  uint64_t tail_bytes = 8'388'608;
  store::LaneMode lane_mode = store::LaneMode::strict;
  store::SpaceLimits space{.min_free_bytes = 67'108'864, .reserve_bytes = 33'554'432};
  QueueLimitsConfig limits;
};

struct TlsConfig {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
};

struct BatchConfig {
  uint32_t messages_max = 1000;
  uint64_t bytes_max = 1'048'576;
  uint64_t compressed_bytes_max = 65'536;
  uint32_t linger_ms = 1000;
  uint32_t zstd_level = 9;
};

struct BackoffConfig {
  uint32_t base_ms = 1000;
  uint32_t cap_ms = 300'000;
};

struct UpstreamConfig {
  std::string host;  // empty: no link, $upstream only queues
  uint16_t port = 1883;
  uint32_t protocol = 5;  // 5, or 4 for MQTT 3.1.1
  std::string client_id;  // empty: headgate-<hub_id>
  std::string username;
  std::string password_file;
  uint16_t keep_alive_s = 60;
  TlsConfig tls;
  std::string topic = "headgate/{hub}/batches";
  BatchConfig batch;
  uint32_t in_flight_batches = 4;
  BackoffConfig backoff;

  [[nodiscard]] bool enabled() const { return !host.empty(); }
};

struct AuthConfig {
  std::string password_file;  // empty: there are no users
  std::vector<IdentityPattern> identities;
};

struct AccessConfig {
  std::vector<AccessRule> rules = default_access_rules();
};

struct AdminConfig {
  std::string socket;  // empty: see admin_socket_path()
};

struct LogConfig {
  core::LogLevel level = core::LogLevel::info;
  std::string file;  // empty: stderr
};

struct Config {
  std::string hub_id;  // empty: see hub_id_of()
  std::string data_dir = "./headgate-data";
  std::string user;  // empty: stays who started it
  std::vector<ListenerConfig> listeners = {ListenerConfig{}};
  AuthConfig auth;
  AccessConfig access;
  LimitsConfig limits;
  StoreConfig store;
  routing::RouteFile routes;  // a bad route is an error in here, not an error of the config
  std::string routes_dir;
  uint32_t time_to_live_s = 0;
  uint32_t sys_interval_s = 10;  // 0: no $SYS
  UpstreamConfig upstream;
  AdminConfig admin;
  LogConfig log;
};

// The embedded default: loopback 1883, ./headgate-data, no upstream.
[[nodiscard]] Config default_config();

// All problems at once: Error::what has one line for each, `file: path: what was found; what is allowed`.
[[nodiscard]] core::Result<Config> parse_config(std::string_view json_text, std::string_view file_name);

// Reads and parses a file. Errors: not_found or io when it cannot be read, else as parse_config().
[[nodiscard]] core::Result<Config> load_config(const std::string& path);

// Every key with its default and a sentence, as a commented headgate.json that parses to default_config().
[[nodiscard]] std::string config_reference();

// hub_id, or the host name with what an id may not hold replaced by '-'.
[[nodiscard]] std::string hub_id_of(const Config& config);

[[nodiscard]] StoreLimits store_limits(const QueueLimitsConfig& config);

// admin.socket, or admin.sock in the data directory.
[[nodiscard]] std::string admin_socket_path(const Config& config);

// sun_path holds 108 bytes with its final zero.
inline constexpr size_t kSocketPathBytesMax = 107;
}  // namespace headgate::hub
