// headgate.json: what an operator may set, as plain values: the parts' own option structs, whose defaults are
// the keys'. Every key is optional.
//
// Tables, one a part (hub/config/*_keys.cc), hold each key's path, member, bounds and sentence; parsing, error
// texts and the reference are made from them. Durations are integers, with the unit at the end of the key; byte
// sizes are numbers or texts such as "64MiB".
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/options.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/access/settings.h"
#include "hub/config/history_settings.h"
#include "hub/config/listener_entry.h"
#include "hub/config/observe_settings.h"
#include "hub/config/store_limits.h"
#include "hub/edge/settings.h"
#include "hub/observe/log_options.h"
#include "routing/files/route_file.h"
#include "routing/table/route_table.h"
#include "store/lane_picker.h"
#include "store/open.h"
#include "upstream/options.h"

namespace headgate::hub {

// "sync", "interval:<ms>" or "memory", as the config writes it.
[[nodiscard]] std::string to_string(const store::Durability& durability);

struct HttpConfig {
  std::string address = "127.0.0.1";
  uint16_t port = 0;       // 0: off, see http_port()
  bool asked_for = false;  // by the command line; no key sets it
  std::string token_file;  // empty: see http_token_path()
  Anonymous metrics_open = Anonymous::loopback;
  broker::TlsOptions tls;  // see http_tls_options()
};

struct AdminConfig {
  std::string socket;  // empty: see admin_socket_path()
  HttpConfig http;
};

// Routes and tables that lie over those of the configuration and its files.
struct RouteLayer {
  routing::RouteFile routes;
  std::set<std::string, std::less<>> off;  // routes of the configuration and its files that are not in force
};

struct Config {
  std::vector<std::string> include;
  std::vector<std::string> files;  // that it was read from; no key sets it
  std::string hub_id;              // empty: see hub_id_of()
  std::string data_dir = "./headgate-data";
  std::string user;  // empty: stays who started it
  std::vector<ListenerConfig> listeners = {ListenerConfig{}};
  AccessSettings access;
  broker::BrokerOptions broker;
  broker::AdmissionLimits admission;
  store::StoreOptions store;  // its directory and hub id: see store_options()
  StoreLimits queues;
  HistorySettings history;
  store::LaneMode lane_mode = store::LaneMode::strict;
  routing::RouteFile routes;  // a bad route is an error in here, not an error of the config
  routing::RouteFile tables;  // declared beside the routes; nothing else is in here
  std::string routes_dir;
  std::shared_ptr<const RouteLayer> layer;  // null: none; no key sets it
  uint32_t time_to_live_s = 0;
  uint32_t sys_interval_s = 10;            // 0: no $SYS
  upstream::UpstreamOptions upstream;      // see upstream_options()
  std::vector<upstream::NamedLink> links;  // see links_of()
  ObserveSettings observe;
  IotEdgeSettings iot_edge;
  AdminConfig admin;
  LogOptions log;
};

// The embedded default: loopback 1883, ./headgate-data, no upstream.
[[nodiscard]] Config default_config();

// All problems at once: Error::what has one line for each, `file: path: what was found; what is allowed`. What the text
// includes is not read.
[[nodiscard]] core::Result<Config> parse_config(std::string_view json_text, std::string_view file_name);

// Reads and parses a file with those that it includes. Errors: not_found or io when one cannot be read, invalid when a secret
// is in an environment variable that is not there, else as parse_config().
[[nodiscard]] core::Result<Config> load_config(const std::string& path);

// The text of a file of that kind. Errors: as load_config() when it cannot be read.
[[nodiscard]] core::Result<std::string> config_text(const std::string& path);

// load_config() with another text in the place of the file's.
[[nodiscard]] core::Result<Config> load_config_of(const std::string& path, std::string text);

// load_config() for a hub that runs: from a pipe, which it may have been started on, it would wait for a writer.
[[nodiscard]] core::Result<Config> load_config_again(const std::string& path);

// Every key with its default and a sentence, as a commented headgate.json that parses to default_config().
[[nodiscard]] std::string config_reference();

// Paths of the keys whose values differ, in the order of the reference; of routes nothing is said.
[[nodiscard]] std::vector<std::string> changed_keys(Config before, Config after);
// True for a key that a reload takes over; the others are read at the start only.
[[nodiscard]] bool is_reloadable(std::string_view key);

// Puts the values of reloadable keys, and the layer, in the place of those of `into`.
void take_reloadable(Config& into, Config from);

// Sets what a JSON object says that came down signed: of the keys for which is_remote() is true, and below `links` for each
// link of `base` those for which is_remote_of_link() is. `name` begins every line of an error. Error: invalid.
[[nodiscard]] core::Result<Config> with_remote_settings(Config base, std::string_view json_text,
                                                        std::string_view name);
[[nodiscard]] bool is_remote(std::string_view key);
[[nodiscard]] bool is_remote_of_link(std::string_view key);

// hub_id, or the host name with what an id may not hold replaced by '-'.
[[nodiscard]] std::string hub_id_of(const Config& config);

// config.store and config.upstream, and what follows from the rest of the configuration.
[[nodiscard]] store::StoreOptions store_options(const Config& config);
[[nodiscard]] upstream::UpstreamOptions upstream_options(const Config& config);
// The links upstream, the preferred first: config.links, or the one that config.upstream describes; none: $upstream
// only queues.
[[nodiscard]] std::vector<upstream::NamedLink> links_of(const Config& config);
// Names them for routes.
[[nodiscard]] std::vector<routing::KnownLink> known_links(const Config& config);

// admin.socket, or admin.sock in the data directory.
[[nodiscard]] std::string admin_socket_path(const Config& config);
// admin.http.token_file, or http-token in the data directory.
[[nodiscard]] std::string http_token_path(const Config& config);
// Key of the HTTP server's sessions: http-cookie-key in the data directory.
[[nodiscard]] std::string http_session_key_path(const Config& config);

// Port of the HTTP server: admin.http.port, or that of `headgated --http`; 0: it is off.
inline constexpr uint16_t kHttpPort = 9180;
[[nodiscard]] uint16_t http_port(const Config& config);
// True if /metrics takes no token.
[[nodiscard]] bool has_open_metrics(const HttpConfig& http);
// TLS of the HTTP server: who names authorities of clients demands certificates of theirs. Empty files: it has none.
[[nodiscard]] broker::TlsOptions http_tls_options(const HttpConfig& http);

// sun_path holds 108 bytes with its final zero.
inline constexpr size_t kSocketPathBytesMax = 107;

}  // namespace headgate::hub
