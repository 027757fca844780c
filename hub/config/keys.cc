#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "core/text.h"
#include "core/topic.h"
#include "core/units.h"
#include "hub/config/key_tables.h"
#include "hub/config/parts/parts.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {

using store::Durability;

namespace {

constexpr uint64_t kDurabilityIntervalMsMax = 60'000;

constexpr TextRule kInclude = {
    is_include,
    "a path, or a list of up to 64, in whose last part * stands for any characters: \"conf.d/*.json\""};

Keys file_keys() {
  return {
      {.path = "include",
       .slot = at(&Config::include),
       .doc = "More files of this kind, relative to this one: a path, or a list of them, such as "
              "`conf.d/*.json`. Objects merge; what is said twice has to be the same. See "
              "configuration.md#several-files.",
       .max = 64,
       .rule = kInclude},
  };
}

constexpr TextRule kHubId = {is_hub_name, "up to 64 of letters, digits, - . _"};
Keys hub_keys() {
  return {
      {.path = "hub_id",
       .slot = at(&Config::hub_id),
       .doc =
           "Name of this hub in batches and topics; empty takes the host name for a new store, and what the "
           "store says after that (`hub_id_from_store`). Keep it for the life of the site.",
       .rule = kHubId},
      {.path = "data_dir",
       .slot = at(&Config::data_dir),
       .doc = "Directory of everything durable; made if it is missing, used by one hub at a time.",
       .rule = kPath},
      {.path = "user",
       .slot = at(&Config::user),
       .doc = "User that the hub becomes when root has started it, after it has bound its ports and read its "
              "certificates; empty: it stays who it is. `data_dir` must be its own.",
       .rule = kSystemUser},
      {.path = "listeners",
       .slot = at(&Config::listeners),
       .doc = "Where MQTT clients connect. See security.md.",
       .min = 1,
       .max = 64},
  };
}

Keys access_keys() {
  return {
      {.path = "auth.password_file",
       .slot = at(&Config::access, &AccessSettings::password_file),
       .doc =
           "File of users, `user:hash` a line, as `headgate passwd` and `mosquitto_passwd` write it; empty: "
           "there are no users. See access.md.",
       .rule = kPathOrEmpty},
      {"auth.identities", at(&Config::access, &AccessSettings::identities),
       "Users and certificates that are modules or devices: `{\"user\": {\"module\": \"name\"}}`, with "
       "`device` or both; one `*` in both stands for the same text."},
      {"access.rules", at(&Config::access, &AccessSettings::rules),
       "Who may publish, subscribe and receive what. What denies goes before what allows; what no rule "
       "allows is denied. See access.md."},
  };
}

Keys route_keys() {
  return {
      {"routes", at(&Config::routes),
       "Routes by name: a text `FROM … INTO …`, or an object with `route`, `priority`, `timeToLiveSecs`, "
       "`semantics`, `body`, `queue`, `onRemove`, `onChange`, `retain`, `retained`, `publishAs`, `late`, "
       "`state`, `shadow`, `link`, `sendBack`. See configuration.md#queues."},
      {"tables", at(&Config::tables),
       "Tables that routes look up in, by name: `{\"file\": \"limits.csv\"}` or `{\"topic\": "
       "\"config/+\"}`, with `key`, `maxRows`, `maxRowBytes`, `maxBytes`. See route-language.md#tables."},
      {.path = "routes_dir",
       .slot = at(&Config::routes_dir),
       .doc =
           "Directory whose `*.json` files hold more routes: `{\"routes\": {…}}` or an IoT Edge deployment "
           "manifest of schema 1.0 to 1.4, a layered one too; the routes of a manifest have `edgehub` "
           "semantics.",
       .rule = kPathOrEmpty},
      {"time_to_live_s", at(&Config::time_to_live_s),
       "How long a message may wait, on routes without their own; 0 is for ever.", Unit::seconds, 0, kU32Max},
  };
}

Keys sys_keys() {
  return {
      {"sys_interval_s", at(&Config::sys_interval_s),
       "How often what has changed under `$SYS` is published to who subscribes to it; 0 publishes nothing "
       "there.",
       Unit::seconds, 0, 86'400},
  };
}

Keys observe_keys() {
  return {
      {"observe.history_bytes", at(&Config::observe, &ObserveSettings::history_bytes),
       "Memory for what happened most recently: messages, also those that no route wanted, and their steps, "
       "for `headgate why` and `headgate route replay --last`; 0 keeps nothing, and so does less than 64 "
       "KiB. See operations.md#the-life-of-a-message.",
       Unit::bytes, 0, kGiB},
      {"observe.topics_bytes", at(&Config::observe, &ObserveSettings::topics_bytes),
       "Memory for topics with their last values, for `headgate topics`: those that nothing came on for "
       "longest leave first; 0 keeps none.",
       Unit::bytes, 0, kGiB},
  };
}

Keys operator_keys() {
  const auto http_tls = [](auto member) {
    return at(&Config::admin, &AdminConfig::http, &HttpConfig::tls, member);
  };
  return {
      {.path = "admin.socket",
       .slot = at(&Config::admin, &AdminConfig::socket),
       .doc = "Unix socket that the `headgate` command talks to; empty: `admin.sock` in `data_dir`.",
       .rule = kSocket},
      {.path = "admin.http.address",
       .slot = at(&Config::admin, &AdminConfig::http, &HttpConfig::address),
       .doc = "Address that the HTTP server listens on; beyond loopback only with `admin.http.tls`. See "
              "http.md.",
       .rule = kIp},
      {.path = "admin.http.port",
       .slot = at(&Config::admin, &AdminConfig::http, &HttpConfig::port),
       .doc = "Port of the HTTP server: admin API, `/metrics`, `/healthz`, `/readyz`; 0 is off, `headgated "
              "--http` means 9180.",
       .max = kU16Max},
      {.path = "admin.http.token_file",
       .slot = at(&Config::admin, &AdminConfig::http, &HttpConfig::token_file),
       .doc = "File of tokens: role (`read`, `operate`, `admin`), user, token a line; empty: `http-token` in "
              "`data_dir`, made with one token if it is missing.",
       .rule = kPathOrEmpty},
      {"admin.http.metrics_open", at(&Config::admin, &AdminConfig::http, &HttpConfig::metrics_open),
       "Whether `/metrics` needs no token: `\"loopback\"` where only this machine can connect; `true`; "
       "`false`."},
      {.path = "admin.http.tls.cert_file",
       .slot = http_tls(&broker::TlsOptions::cert_file),
       .doc = "The HTTP server's certificate (PEM), followed by the chain up to its authority; setting it "
              "turns TLS on. Read again on SIGHUP.",
       .rule = kPathOrEmpty},
      {.path = "admin.http.tls.key_file",
       .slot = http_tls(&broker::TlsOptions::key_file),
       .doc = "Private key (PEM) of the certificate, without a passphrase.",
       .rule = kPathOrEmpty},
      {.path = "admin.http.tls.client_ca_file",
       .slot = http_tls(&broker::TlsOptions::ca_file),
       .doc =
           "Authorities (PEM) of client certificates: who has none is not let in, and needs a token all the "
           "same; empty: nobody is asked for one.",
       .rule = kPathOrEmpty},
  };
}

Keys log_keys() {
  return {
      {.path = "log.level",
       .slot = at(&Config::log, &LogOptions::levels, &LogLevels::level),
       .doc = "Least important lines written: `debug`, `info`, `warn` or `error`.",
       .takes = Takes::at_once},
      {.path = "log.levels",
       .slot = at(&Config::log, &LogOptions::levels, &LogLevels::of_parts),
       .doc = "Parts that have another level: `{\"broker\": \"debug\"}`; of `hub`, `broker`, `engine`, "
              "`routes`, `store`, `upstream`, `access`, `http`. See operations.md#levels-of-parts.",
       .takes = Takes::at_once},
      {"log.format", at(&Config::log, &LogOptions::format),
       "Form of a line: `text` (`event key=value`) or `json` (an object)."},
      {.path = "log.file",
       .slot = at(&Config::log, &LogOptions::file),
       .doc = "File that the log is appended to, and that a reload opens again; empty: stderr.",
       .rule = kLogFile},
  };
}

}  // namespace

bool is_reloadable(std::string_view key) {
  const auto known = std::ranges::find(config_keys(), key, &Key<Config>::path);
  return known != config_keys().end() && known->takes == Takes::at_once;
}

bool is_remote(std::string_view key) {
  const bool is_limit = key.starts_with("store.") && is_reloadable(key);
  return is_limit || key == "time_to_live_s";
}

bool is_remote_of_link(std::string_view key) {
  static constexpr std::array<std::string_view, 5> kKeys = {"priority_max", "rate_bytes_per_s", "burst_bytes",
                                                            "open", "urgent_opens"};
  return key.starts_with("budget.") || std::ranges::find(kKeys, key) != kKeys.end();
}

Keys joined(std::initializer_list<Keys> parts) {
  Keys all;
  for (const Keys& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Keys at_once(Keys keys) {
  for (Key<Config>& key : keys) key.takes = Takes::at_once;
  return keys;
}

const Keys& config_keys() {
  static const Keys kKeys = joined({at_once(file_keys()), hub_keys(), at_once(access_keys()), limit_keys(),
                                    store_keys(), at_once(route_keys()), sys_keys(), upstream_keys(),
                                    at_once(observe_keys()), edge_keys(), operator_keys(), log_keys()});
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
std::span<const EnumName<LogFormat>> enum_names() {
  static constexpr std::array<EnumName<LogFormat>, 2> kNames = {
      {{"text", LogFormat::text}, {"json", LogFormat::json}}};
  return kNames;
}

template <>
std::span<const EnumName<core::OnFull>> enum_names() {
  static constexpr auto kNames = [] {
    using enum core::OnFull;
    std::array<EnumName<core::OnFull>, core::kOnFullNames.size()> names{};
    size_t at = 0;
    for (const core::OnFull on_full : {reject, drop_oldest, drop_newest, thin, dilute}) {
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

template <>
std::span<const EnumName<upstream::NoSubscriber>> enum_names() {
  using enum upstream::NoSubscriber;
  static constexpr std::array<EnumName<upstream::NoSubscriber>, 2> kNames = {
      {{"wait", wait}, {"deliver", deliver}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::BatchLayout>> enum_names() {
  using enum upstream::BatchLayout;
  static constexpr std::array<EnumName<upstream::BatchLayout>, 2> kNames = {
      {{"rows", rows}, {"columns", columns}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::LinkCost>> enum_names() {
  using enum upstream::LinkCost;
  static constexpr std::array<EnumName<upstream::LinkCost>, 3> kNames = {
      {{"free", free}, {"metered", metered}, {"expensive", expensive}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::BatchCompression>> enum_names() {
  using enum upstream::BatchCompression;
  static constexpr std::array<EnumName<upstream::BatchCompression>, 2> kNames = {
      {{"zstd", zstd}, {"none", none}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::Mode>> enum_names() {
  using enum upstream::Mode;
  static constexpr std::array<EnumName<upstream::Mode>, 2> kNames = {
      {{"batch", batch}, {"passthrough", passthrough}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::Connect>> enum_names() {
  using enum upstream::Connect;
  static constexpr std::array<EnumName<upstream::Connect>, 3> kNames = {
      {{"by_cost", by_cost}, {"always", always}, {"when_needed", when_needed}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::DrainOrder>> enum_names() {
  using enum upstream::DrainOrder;
  static constexpr std::array<EnumName<upstream::DrainOrder>, 3> kNames = {
      {{"oldest_first", oldest_first}, {"live_first", live_first}, {"interleaved", interleaved}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::Preset>> enum_names() {
  using enum upstream::Preset;
  static constexpr std::array<EnumName<upstream::Preset>, 3> kNames = {
      {{"generic", generic}, {"azure-iot-hub", azure_iot_hub}, {"aws-iot-core", aws_iot_core}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::SendsAs>> enum_names() {
  using enum upstream::SendsAs;
  static constexpr std::array<EnumName<upstream::SendsAs>, 2> kNames = {
      {{"hub", hub}, {"identity", identity}}};
  return kNames;
}

template <>
std::span<const EnumName<upstream::Acknowledgement>> enum_names() {
  using enum upstream::Acknowledgement;
  static constexpr std::array<EnumName<upstream::Acknowledgement>, 2> kNames = {
      {{"broker", broker}, {"end_to_end", end_to_end}}};
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
