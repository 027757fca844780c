#include "hub/config/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/os/file_rights.h"
#include "core/os/secret.h"
#include "core/text.h"
#include "core/units.h"
#include "hub/access/settings.h"
#include "hub/config/downstream_check.h"
#include "hub/config/keys.h"
#include "hub/config/parts/merge.h"
#include "hub/config/parts/parts.h"
#include "hub/config/presence_text.h"
#include "hub/config/problems.h"
#include "hub/config/route_files.h"
#include "hub/config/show/read_config.h"
#include "hub/config/text_rules.h"
#include "routing/files/json_text.h"
#include "routing/files/route_file.h"
#include "upstream/clouds/presets.h"
#include "upstream/downstream/topic_map.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using routing::describe;
using routing::join_path;

void found(Problems& problems, std::string_view path, const Json& value, std::string_view allowed) {
  problems.add(path, "is " + describe(value) + "; allowed: " + std::string(allowed));
}

// "a", "b" or "c".
template <class E>
std::string list_of_names() {
  const auto names = enum_names<E>();
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? " or " : ", ";
    list.append("\"").append(names[i].name).append("\"");
  }
  return list;
}

template <class Owner>
void read_object(Owner& owner, const Json& object, const std::vector<Key<Owner>>& keys,
                 std::string_view place, Problems& problems);

// Reads a value into its place: an overload for each type that a key can have.
template <class Owner>
struct Setter {
  Owner& owner;
  const Key<Owner>& key;
  const Json& value;
  const std::string& path;
  Problems& problems;

  void operator()(const Ref<Owner, bool>& ref) {
    if (!value.is_boolean()) {
      return found(problems, path, value,
                   value.is_string() ? "true or false, without quotes" : "true or false");
    }
    ref(owner) = value.get<bool>();
  }

  void operator()(const Number<Owner>& number) {
    const auto read = read_number();
    if (!read || *read < key.min || *read > key.max)
      return found(problems, path, value, allowed_numbers() + without_quotes());
    number.set(owner, *read);
  }

  void operator()(const Ref<Owner, std::string>& ref) {
    if (auto text = read_text()) ref(owner) = *std::move(text);
  }

  // Objects name where it is. A text would be the secret itself, so it is not quoted.
  void operator()(const Ref<Owner, core::SecretSource>& ref) {
    if (value.is_string() && value.get_ref<const std::string&>().empty()) {
      ref(owner) = {};
      return;
    }
    if (value.is_string())
      return problems.add(path,
                          "is a text, and a secret stays out of the configuration; write it into a file or a "
                          "variable and name that: {\"file\": \"/path\"} or {\"env\": \"NAME\"}");
    const Json* const env = routing::member(value, "env");
    const Json* const file = routing::member(value, "file");
    const bool is_one = value.is_object() && value.size() == 1;
    if (is_one && env != nullptr && env->is_string() && is_variable(env->get_ref<const std::string&>())) {
      ref(owner) = {.env = env->get<std::string>(), .file = {}};
    } else if (is_one && file != nullptr && file->is_string() &&
               is_path(file->get_ref<const std::string&>())) {
      ref(owner) = {.env = {}, .file = file->get<std::string>()};
    } else {
      problems.add(path,
                   "names no secret; allowed: {\"file\": \"/path\"} or {\"env\": \"NAME\"}, one of them");
    }
  }

  void operator()(const Octal<Owner>& mode) {
    const auto text = read_text();
    const auto bits = core::parse_whole<uint32_t>(text.value_or(""), 8);
    if (bits) mode.number.set(owner, *bits);
  }

  template <class E>
  requires std::is_enum_v<E>
  void operator()(const Ref<Owner, E>& ref) {
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (key.rule.ok != nullptr && !key.rule.ok(text)) return found(problems, path, value, key.rule.allowed);
    for (const EnumName<E>& known : enum_names<E>()) {
      if (text == known.name) {
        ref(owner) = known.value;
        return;
      }
    }
    found(problems, path, value, list_of_names<E>());
  }

  // "loopback", or true or false.
  void operator()(const Ref<Owner, Anonymous>& ref) {
    const bool by_place = value.is_string() && value.get<std::string>() == "loopback";
    if (!value.is_boolean() && !by_place) {
      return found(problems, path, value, "\"loopback\", true or false");
    }
    ref(owner) = by_place ? Anonymous::loopback : value.get<bool>() ? Anonymous::yes : Anonymous::no;
  }

  // A text, or a list of them.
  void operator()(const Ref<Owner, std::vector<std::string>>& ref) {
    const Json list = value.is_string() ? Json::array({value}) : value;
    const auto fits = [&](const Json& one) {
      return one.is_string() && key.rule.ok(one.get_ref<const std::string&>());
    };
    if (!list.is_array() || list.size() < key.min || list.size() > key.max ||
        !std::all_of(list.begin(), list.end(), fits)) {
      return found(problems, path, value, key.rule.allowed);
    }
    ref(owner) = list.get<std::vector<std::string>>();
  }

  void operator()(const Ref<Owner, store::Durability>& ref) {
    const auto parsed = parse_durability(value.is_string() ? value.get<std::string>() : "");
    if (!parsed) return found(problems, path, value, parsed.error().what);
    ref(owner) = *parsed;
  }

  void operator()(const Ref<Owner, std::vector<ListenerConfig>>& ref) {
    if (!value.is_array() || value.size() < key.min || value.size() > key.max) {
      return found(problems, path, value, "a list of 1 to 64 objects with transport, address, port, …");
    }
    std::vector<ListenerConfig>& listeners = ref(owner);
    listeners.clear();
    listeners.resize(value.size());
    for (size_t i = 0; i < value.size(); ++i) {
      read_object(listeners[i], value[i], listener_keys(), path + "[" + std::to_string(i) + "]", problems);
      broker::ListenerOptions& options = listeners[i].options;
      if (!value[i].contains("port")) options.port = default_port(options.transport);
    }
  }

  // {"name": {…}}, in the order of preference.
  void operator()(const Ref<Owner, std::vector<upstream::NamedLink>>& ref) {
    if (!value.is_object() || value.size() > key.max)
      return found(problems, path, value,
                   "an object of up to 16 links by their names: {\"fiber\": {\"host\": …}}");
    std::vector<upstream::NamedLink>& links = ref(owner);
    links.clear();
    for (const auto& [name, link] : value.items()) {
      const std::string place = join_path(path, name);
      if (!routing::is_link_name(name))
        problems.add(place, "is no name for a link; allowed: 1 to 32 of letters, digits, - . _");
      links.emplace_back().name = name;
      read_object(links.back(), link, link_keys(), place, problems);
    }
  }

  void operator()(const Ref<Owner, std::vector<upstream::DownstreamTopic>>& ref) {
    if (!value.is_array() || value.size() > key.max)
      return found(problems, path, value,
                   "a list of up to 64 objects: [{\"topic\": \"#\", \"remote_prefix\": \"cmd/{hub}/\", …}]");
    std::vector<upstream::DownstreamTopic>& topics = ref(owner);
    topics.assign(value.size(), {});
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string place = path + "[" + std::to_string(i) + "]";
      read_object(topics[i], value[i], downstream_keys(), place, problems);
      const std::string problem = upstream::problem_of(topics[i]);
      if (value[i].is_object() && !problem.empty()) problems.add(place, problem);
    }
  }

  // {"broker": "debug"}
  void operator()(const Ref<Owner, PartLevels>& ref) {
    if (!value.is_object()) return found(problems, path, value, "an object, {\"broker\": \"debug\"}");
    PartLevels& levels = ref(owner);
    levels.clear();
    for (const auto& [name, level] : value.items()) {
      const std::string place = join_path(path, name);
      const auto part = core::log_part_named(name);
      const Json& said = level;
      const auto named = core::log_level_named(said.is_string() ? said.get_ref<const std::string&>() : "");
      if (!part) {
        problems.add(place, "is no part of the hub" + routing::did_you_mean(name, part_names()));
      } else if (!named) {
        found(problems, place, level, list_of_names<core::LogLevel>());
      } else {
        levels[*part] = *named;
      }
    }
  }

  // Routes have their own reader, which leaves out what is wrong instead of refusing the whole.
  void operator()(const Ref<Owner, routing::RouteFile>& ref) {
    Json alone = {{"routes", Json::object()}};
    alone[path] = value;
    ref(owner) = routing::parse_route_file(alone.dump(), problems.file());
  }

  void operator()(const Ref<Owner, std::vector<IdentityPattern>>& ref) {
    take(ref, parse_identities(value.dump(), path));
  }
  void operator()(const Ref<Owner, std::vector<AccessRule>>& ref) {
    take(ref, parse_access_rules(value.dump(), path));
  }

 private:
  template <class T>
  void take(const Ref<Owner, T>& ref, core::Result<T> parsed) {
    if (!parsed) return problems.add_lines(parsed.error().what);
    ref(owner) = *std::move(parsed);
  }

  static std::vector<std::string_view> part_names() {
    return {core::kLogPartNames.begin(), core::kLogPartNames.end()};
  }

  // nullopt after a problem.
  std::optional<std::string> read_text() {
    const auto text = value.is_string() ? value.get<std::string>() : "";
    const bool fits = key.rule.ok == nullptr || key.rule.ok(text);
    const bool zero = text.find('\0') != std::string::npos;
    if (value.is_string() && !zero && fits) return text;
    found(problems, path, value,
          !value.is_string() ? "a text"
          : zero             ? "a text without \\u0000"
                             : key.rule.allowed);
    return std::nullopt;
  }

  std::optional<uint64_t> read_number() const {
    if (value.is_number_unsigned()) return value.get<uint64_t>();
    if (key.unit != Unit::bytes || !value.is_string()) return std::nullopt;
    const auto size = core::parse_byte_size(value.get_ref<const std::string&>());
    return size ? std::optional(*size) : std::nullopt;
  }

  // A number as people write it into other programs' files.
  std::string without_quotes() const {
    if (!value.is_string() || key.unit == Unit::bytes) return "";
    return "; as a number, without quotes and unit";
  }

  std::string allowed_numbers() const {
    const std::string range = with_unit(key.min, key.unit) + " to " + with_unit(key.max, key.unit);
    return key.unit == Unit::bytes ? range + ", as a number of bytes or \"64MiB\"" : range;
  }
};

// The names that may follow `prefix` ("limits." or ""), each once.
template <class Owner>
std::vector<std::string_view> names_after(std::string_view prefix, const std::vector<Key<Owner>>& keys) {
  std::vector<std::string_view> names;
  for (const Key<Owner>& key : keys) {
    if (!key.path.starts_with(prefix)) continue;
    const std::string_view rest = key.path.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.find('.'));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

template <class Owner>
class ObjectReader {
 public:
  // `local`: keys beyond `keys` that exist, and that may not be set here; null: there are none.
  ObjectReader(Owner& owner, const std::vector<Key<Owner>>& keys, Problems& problems,
               const std::vector<Key<Owner>>* local = nullptr)
      : owner_(owner), keys_(keys), problems_(problems), local_(local) {}

  // `prefix`: the table path of this object, with its final dot. `place`: the same as errors say it.
  void read(const Json& object, const std::string& prefix, std::string_view place) {
    if (!object.is_object()) {
      return found(problems_, place.empty() ? "the whole file" : place, object, "an object, {…}");
    }
    for (const auto& [name, value] : object.items()) read_member(prefix, name, value, join_path(place, name));
  }

 private:
  void read_member(const std::string& prefix, const std::string& name, const Json& value,
                   const std::string& place) {
    const std::string path = prefix + name;
    for (const Key<Owner>& key : keys_) {
      if (key.path == path) return std::visit(Setter<Owner>{owner_, key, value, place, problems_}, key.slot);
      if (key.path.starts_with(path + ".")) return read(value, path + ".", place);
    }
    if (is_local(path))
      return problems_.add(place, "is for the hub's own file; leave it out of the document");
    problems_.add(place, "unknown key" + routing::did_you_mean(name, names_after(prefix, keys_)));
  }

  [[nodiscard]] bool is_local(const std::string& path) const {
    const auto is_it = [&](const Key<Owner>& key) {
      return key.path == path || key.path.starts_with(path + ".");
    };
    return local_ != nullptr && std::ranges::any_of(*local_, is_it);
  }

  Owner& owner_;
  const std::vector<Key<Owner>>& keys_;
  Problems& problems_;
  const std::vector<Key<Owner>>* local_;
};

template <class Owner>
std::vector<Key<Owner>> those_of(const std::vector<Key<Owner>>& keys, bool (*is_wanted)(std::string_view)) {
  std::vector<Key<Owner>> some;
  std::ranges::copy_if(keys, std::back_inserter(some), is_wanted, &Key<Owner>::path);
  return some;
}

template <class Owner>
void read_object(Owner& owner, const Json& object, const std::vector<Key<Owner>>& keys,
                 std::string_view place, Problems& problems) {
  ObjectReader<Owner>(owner, keys, problems).read(object, "", place);
}

void check_tls_of(const std::string& place, const core::TlsFiles& tls, Problems& problems) {
  if (tls.cert_file.empty() != tls.key_file.empty())
    problems.add(place + ".tls", "has only one of cert_file and key_file; set both, or neither");
  if (!tls.cert_file.empty() && tls.ca_file.empty())
    problems.add(place + ".tls.ca_file", "is missing; without it the broker cannot be verified");
}

// A batch holds what several have sent, and a cloud takes it from the one whose connection it is.
void check_identities(const Config& config, const upstream::NamedLink& link, const std::string& place,
                      Problems& problems) {
  if (config.upstream.mode == upstream::Mode::batch)
    problems.add(place + ".as",
                 "is \"identity\", and batches hold what several have sent; set upstream.mode to "
                 "\"passthrough\", or this to \"hub\"");
  const std::string& device = link.device.empty() ? hub_id_of(config) : link.device;
  if (config.iot_edge.device_id == device) return;
  problems.add(place + ".as", "is \"identity\", and the device of the link is \"" + device +
                                  "\", not that of the gateway; set iot_edge.device_id to the same");
}

// Links with names, and the one that `upstream` describes, are two ways to say the same.
void check_links(const Config& config, Problems& problems) {
  if (config.links.empty()) return;
  if (config.upstream.link != upstream::LinkOptions())
    problems.add("upstream",
                 "describes a connection, and so does links; move host and what goes with it into a link");
  for (const upstream::NamedLink& link : config.links) {
    const std::string place = join_path("links", link.name);
    if (link.connection.host.empty()) problems.add(place + ".host", "is missing; allowed: the broker's name");
    check_tls_of(place, link.connection.tls, problems);
    if (!link.connection.interface.empty() && !link.connection.bind_address.empty())
      problems.add(place + ".bind_address",
                   "chooses the interface, and so does interface; leave one of them out");
    if (link.as == upstream::SendsAs::identity) check_identities(config, link, place, problems);
    const upstream::PresetProblem missing = upstream::problem_of_preset(link);
    if (!missing.key.empty()) problems.add(place + "." + std::string(missing.key), missing.what);
  }
}

// A dictionary is used once the consumer has said that it holds it, which is said with its acknowledgements.
void check_no_dictionary(const upstream::UpstreamOptions& up, Problems& problems) {
  if (!up.batch.dictionary_file.empty())
    problems.add("upstream.batch.dictionary_file",
                 "is for consumers that say what they hold; set upstream.acknowledgement to \"end_to_end\"");
}

// A consumer acknowledges batches by their numbers, on a topic of its own below theirs.
void check_acknowledgement(const Config& config, Problems& problems) {
  const upstream::UpstreamOptions& up = config.upstream;
  if (up.acknowledgement == upstream::Acknowledgement::broker) return check_no_dictionary(up, problems);
  const auto refuse = [&](const char* why) { problems.add("upstream.acknowledgement", why); };
  if (!up.batch.dictionary_file.empty() && up.batch.compression == upstream::BatchCompression::none)
    problems.add("upstream.batch.dictionary_file", "compresses, and upstream.batch.compression is \"none\"");
  if (up.mode == upstream::Mode::passthrough)
    refuse(
        "is \"end_to_end\", which is for batches, and upstream.mode is \"passthrough\"; set one of them otherwise");
  if (!up.chain.enabled)
    refuse(
        "is \"end_to_end\", which goes by the numbers of the chain, and upstream.chain is false; set it to true");
  for (const upstream::NamedLink& link : config.links)
    if (link.preset == upstream::Preset::azure_iot_hub)
      refuse("is \"end_to_end\", and the preset azure-iot-hub has no topic for that; use \"broker\"");
}

void check_upstream(const Json& root, const Config& config, Problems& problems) {
  const upstream::UpstreamOptions& up = config.upstream;
  const auto section = root.find("upstream");
  const bool is_said = section != root.end() && section->is_object() && !section->empty();
  if (is_said && config.links.empty() && !section->contains("host")) {
    problems.add("upstream.host", "is missing; allowed: the broker's name, or \"\" for no link");
  }
  check_tls_of("upstream", up.link.tls, problems);
  if (up.backoff.base_ms > up.backoff.cap_ms) {
    problems.add("upstream.backoff.cap_ms", "is " + std::to_string(up.backoff.cap_ms) +
                                                "; allowed: base_ms (" + std::to_string(up.backoff.base_ms) +
                                                ") or more");
  }
}

// Links of the configuration whose limits a document sets.
void read_remote_links(const Json& links, Config& config, Problems& problems) {
  static const auto kKeys = those_of(link_keys(), is_remote_of_link);
  if (!links.is_object()) return found(problems, "links", links, "an object, {\"lte\": {…}}");
  for (const auto& [name, limits] : links.items()) {
    const std::string place = join_path("links", name);
    const auto link = std::ranges::find(config.links, name, &upstream::NamedLink::name);
    if (link == config.links.end()) {
      problems.add(place, config.links.empty()
                              ? "the hub's link has no name; give it one in the hub's own file"
                              : "the hub has no link of that name");
      continue;
    }
    ObjectReader<upstream::NamedLink>(*link, kKeys, problems, &link_keys()).read(limits, "", place);
  }
}

void check_socket_path(const Config& config, Problems& problems) {
  const std::string path = admin_socket_path(config);
  if (!config.admin.socket.empty() || path.size() <= kSocketPathBytesMax) return;
  problems.add("data_dir", "makes the admin socket's path " + std::to_string(path.size()) +
                               " bytes long; allowed: 107; set admin.socket to a shorter one");
}

void check_http(const HttpConfig& http, Problems& problems) {
  const broker::TlsOptions& tls = http.tls;
  if (tls.cert_file.empty() != tls.key_file.empty())
    problems.add("admin.http.tls", "has only one of cert_file and key_file; set both, or neither");
  if (tls.cert_file.empty() && !tls.ca_file.empty())
    problems.add("admin.http.tls.client_ca_file",
                 "has no meaning without cert_file and key_file; set both, or leave it out");
  if (tls.cert_file.empty() && !is_loopback(http.address))
    problems.add("admin.http.address",
                 "is \"" + http.address +
                     "\", beyond loopback, where tokens could be read on the way; use 127.0.0.1, or set "
                     "admin.http.tls.cert_file and key_file");
}

// Moves a key's value from one configuration to another.
struct Mover {
  Config& into;
  Config& from;

  void operator()(const Number<Config>& number) const { number.set(into, number.get(from)); }
  void operator()(const Octal<Config>& mode) const { (*this)(mode.number); }
  template <class T>
  void operator()(const Ref<Config, T>& ref) const {
    ref(into) = std::move(ref(from));
  }
};

void add_will(upstream::NamedLink& link, const Config& config) {
  const std::string hub = hub_id_of(config);
  link.connection.will_topic = upstream::presence_topic_of(config.upstream, link, hub);
  if (!link.connection.will_topic.empty()) link.connection.will_payload = offline_text(hub, link.name);
}

// Routes and tables are of the file that they are in.
void read_routes_by_file(const MergedConfig& said, Config& config) {
  for (const auto& [key, place] : {std::pair("routes", &Config::routes), {"tables", &Config::tables}}) {
    MergedRoutes all;
    std::set<std::string> taken;
    for (const auto& [file, json] : said.parts) {
      const Json* const written = routing::member(*json, key);
      if (written == nullptr || !written->is_object()) continue;
      Json alone = {{"routes", Json::object()}};
      alone[key] = Json::object();
      for (const auto& [name, value] : written->items())
        if (taken.insert(name).second) alone[key][name] = value;
      all.add(routing::parse_route_file(alone.dump(), file));
    }
    if (!taken.empty()) config.*place = all.take();
  }
}

// Each secret of a configuration, and the key that names it.
template <class Visit>
void for_each_secret(const Config& config, const Visit& visit) {
  visit("upstream", config.upstream.link);
  for (const upstream::NamedLink& link : config.links) visit(join_path("links", link.name), link.connection);
}

void check_secrets(const Config& config, Problems& problems) {
  for_each_secret(config, [&](const std::string& place, const upstream::LinkOptions& link) {
    if (!link.password.empty() && !link.password_file.empty())
      problems.add(place + ".password", "says the same as password_file; leave one of them out");
    if (!link.sas_key.empty() && !link.sas_key_file.empty())
      problems.add(place + ".sas_key", "says the same as sas_key_file; leave one of them out");
  });
}

// A file may come later; what the hub was not given when it was started it will not have.
void check_variables(const Config& config, Problems& problems) {
  const auto check = [&](const std::string& place, const core::SecretSource& secret) {
    if (secret.env.empty()) return;
    if (const auto read = core::read_secret(secret); !read) problems.add(place, read.error().what);
  };
  for_each_secret(config, [&](const std::string& place, const upstream::LinkOptions& link) {
    check(place + ".password", link.password);
    check(place + ".sas_key", link.sas_key);
  });
}

core::Result<Config> without_problems(core::Result<ReadConfig> read) {
  if (!read) return core::fail(read.error());
  if (!read->problems.empty()) return core::fail(core::Errc::invalid, read->problems.text());
  return std::move(read->config);
}

core::Result<Config> loaded(const core::Result<std::vector<ConfigPart>>& parts) {
  if (!parts) return core::fail(parts.error());
  auto read = read_config(*parts);
  if (!read) return core::fail(read.error());
  check_variables(read->config, read->problems);
  if (parts->size() > 1)
    read->problems.name_files([&](const std::string& path) { return read->said.sources.file_of(path); });
  return without_problems(std::move(read));
}

}  // namespace

Config default_config() { return {}; }

core::Result<Config> parse_config(std::string_view json_text, std::string_view file_name) {
  const std::array<ConfigPart, 1> alone = {{{std::string(file_name), std::string(json_text)}}};
  return without_problems(read_config(alone));
}

core::Result<ReadConfig> read_config(std::span<const ConfigPart> parts) {
  ReadConfig read{default_config(), Problems(parts.front().file), {}};
  Config& config = read.config;
  Problems& problems = read.problems;
  auto merged = merge(parts, problems);
  if (!merged) return core::fail(merged.error());
  read.said = *std::move(merged);
  read_object(config, *read.said.json, config_keys(), "", problems);
  if (parts.size() > 1) read_routes_by_file(read.said, config);
  config.files = read.said.sources.files();
  check_listeners(config.listeners, problems);
  check_upstream(*read.said.json, config, problems);
  check_links(config, problems);
  check_secrets(config, problems);
  check_acknowledgement(config, problems);
  check_downstream(config, problems);
  check_socket_path(config, problems);
  check_http(config.admin.http, problems);
  const auto file_of = [&](const std::string& path) { return read.said.sources.file_of(path); };
  if (parts.size() > 1) problems.name_files(file_of);
  return read;
}

core::Result<Config> with_remote_settings(Config base, std::string_view json_text, std::string_view name) {
  static const auto kKeys = those_of(config_keys(), is_remote);
  auto json = routing::parse_json_text(json_text, name);
  if (!json) return core::fail(json.error());
  Problems problems(name);
  if (const auto links = json->find("links"); json->is_object() && links != json->end()) {
    read_remote_links(*links, base, problems);
    json->erase("links");
  }
  ObjectReader<Config>(base, kKeys, problems, &config_keys()).read(*json, "", "");
  if (!problems.empty()) return core::fail(core::Errc::invalid, problems.text());
  return base;
}

void take_reloadable(Config& into, Config from) {
  for (const Key<Config>& key : config_keys()) {
    if (key.takes == Takes::at_once) std::visit(Mover{into, from}, key.slot);
  }
  into.layer = std::move(from.layer);
  into.files = std::move(from.files);
}

core::Result<Config> load_config(const std::string& path) { return loaded(read_parts(path)); }

core::Result<Config> load_config_of(const std::string& path, std::string text) {
  return loaded(read_parts_of(path, std::move(text)));
}

core::Result<std::string> config_text(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return core::fail(core::Errc::io, path + ": is a directory; give the path of a JSON file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    const int error = errno;
    return core::fail(error == ENOENT ? core::Errc::not_found : core::Errc::io,
                      path + ": cannot be read: " + core::why_unreadable(path, error));
  }
  return text.str();
}

core::Result<Config> load_config_again(const std::string& path) {
  std::error_code missing;
  if (std::filesystem::exists(path, missing) && !std::filesystem::is_regular_file(path, missing)) {
    return core::fail(core::Errc::io,
                      path + ": is not a regular file and cannot be read again; start the hub on a file");
  }
  return load_config(path);
}

std::string hub_id_of(const Config& config) {
  if (!config.hub_id.empty()) return config.hub_id;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "headgate";
  std::string id(name.data());
  const auto odd = [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.' && c != '_'; };
  std::replace_if(id.begin(), id.end(), odd, '-');
  return id.substr(0, 64);
}

store::StoreOptions store_options(const Config& config) {
  store::StoreOptions options = config.store;
  options.dir = config.data_dir + "/" + std::string(store::kStoreDirName);
  options.hub_id = hub_id_of(config);
  options.hub_id_is_a_guess = config.hub_id.empty();  // a container's host name is another after each update
  return options;
}

upstream::UpstreamOptions upstream_options(const Config& config) {
  upstream::UpstreamOptions options = config.upstream;
  if (options.link.client_id.empty()) options.link.client_id = "headgate-" + hub_id_of(config);
  options.lane_mode = config.lane_mode;
  return options;
}

namespace {

// The session that a broker has kept tells that it has lost nothing else.
bool keeps_session(const Config& config, const upstream::NamedLink& link) {
  return !link.downstream.empty() || upstream::brings_documents(config.upstream, link) ||
         config.upstream.acknowledgement == upstream::Acknowledgement::end_to_end;
}

}  // namespace

std::vector<upstream::NamedLink> links_of(const Config& config) {
  if (config.links.empty() && !config.upstream.enabled()) return {};
  if (config.links.empty()) {
    upstream::NamedLink only{.name = std::string(upstream::kOnlyLink),
                             .connection = upstream_options(config).link,
                             .terms = {},
                             .downstream = config.upstream.downstream};
    only.connection.keeps_session = keeps_session(config, only);
    add_will(only, config);
    return {std::move(only)};
  }
  std::vector<upstream::NamedLink> links = config.links;
  for (upstream::NamedLink& link : links) {
    link = upstream::with_preset(std::move(link), hub_id_of(config), config.upstream.batch);
    link.terms.topic = upstream::expand_hub(link.terms.topic, hub_id_of(config));
    // Two connections of one client id to one broker would end each other.
    if (link.connection.client_id.empty())
      link.connection.client_id = "headgate-" + hub_id_of(config) + "-" + link.name;
    link.connection.keeps_session = keeps_session(config, link);
    add_will(link, config);
    if (link.terms.zstd_level == 0)
      link.terms.zstd_level =
          static_cast<uint8_t>(upstream::zstd_level_of(link.terms.cost, config.upstream.batch.zstd_level));
    const uint16_t said = link.terms.keep_alive_s;
    link.connection.keep_alive_s = said != 0 ? said : upstream::keep_alive_s_of(link.terms.cost);
  }
  return links;
}

std::vector<routing::KnownLink> known_links(const Config& config) {
  std::vector<routing::KnownLink> known;
  for (const upstream::NamedLink& link : links_of(config))
    known.push_back({link.name, link.terms.priority_max});
  return known;
}

uint16_t http_port(const Config& config) {
  const HttpConfig& http = config.admin.http;
  return http.port == 0 && http.asked_for ? kHttpPort : http.port;
}

bool has_open_metrics(const HttpConfig& http) {
  if (http.metrics_open != Anonymous::loopback) return http.metrics_open == Anonymous::yes;
  return is_loopback(http.address);
}

broker::TlsOptions http_tls_options(const HttpConfig& http) {
  broker::TlsOptions tls = http.tls;
  tls.require_client_certificate = !tls.ca_file.empty();
  tls.identity = broker::CertificateIdentity::none;
  return tls;
}

std::string http_token_path(const Config& config) {
  const std::string& file = config.admin.http.token_file;
  return file.empty() ? config.data_dir + "/http-token" : file;
}

std::string http_session_key_path(const Config& config) { return config.data_dir + "/http-cookie-key"; }

std::string admin_socket_path(const Config& config) {
  return config.admin.socket.empty() ? config.data_dir + "/admin.sock" : config.admin.socket;
}

}  // namespace headgate::hub
