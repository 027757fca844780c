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
#include "core/text.h"
#include "core/units.h"
#include "hub/access/settings.h"
#include "hub/config/keys.h"
#include "hub/config/problems.h"
#include "routing/files/json_text.h"

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
  ObjectReader(Owner& owner, const std::vector<Key<Owner>>& keys, Problems& problems)
      : owner_(owner), keys_(keys), problems_(problems) {}

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
    problems_.add(place, "unknown key" + routing::did_you_mean(name, names_after(prefix, keys_)));
  }

  Owner& owner_;
  const std::vector<Key<Owner>>& keys_;
  Problems& problems_;
};

template <class Owner>
void read_object(Owner& owner, const Json& object, const std::vector<Key<Owner>>& keys,
                 std::string_view place, Problems& problems) {
  ObjectReader<Owner>(owner, keys, problems).read(object, "", place);
}

void check_upstream(const Json& root, const Config& config, Problems& problems) {
  const upstream::UpstreamOptions& up = config.upstream;
  const auto section = root.find("upstream");
  if (section != root.end() && section->is_object() && !section->empty() && !section->contains("host")) {
    problems.add("upstream.host", "is missing; allowed: the broker's name, or \"\" for no link");
  }
  if (up.link.tls.cert_file.empty() != up.link.tls.key_file.empty()) {
    problems.add("upstream.tls", "has only one of cert_file and key_file; set both, or neither");
  }
  if (!up.link.tls.cert_file.empty() && up.link.tls.ca_file.empty()) {
    problems.add("upstream.tls.ca_file", "is missing; without it the broker cannot be verified");
  }
  if (up.backoff.base_ms > up.backoff.cap_ms) {
    problems.add("upstream.backoff.cap_ms", "is " + std::to_string(up.backoff.cap_ms) +
                                                "; allowed: base_ms (" + std::to_string(up.backoff.base_ms) +
                                                ") or more");
  }
}

void check_socket_path(const Config& config, Problems& problems) {
  const std::string path = admin_socket_path(config);
  if (!config.admin.socket.empty() || path.size() <= kSocketPathBytesMax) return;
  problems.add("data_dir", "makes the admin socket's path " + std::to_string(path.size()) +
                               " bytes long; allowed: 107; set admin.socket to a shorter one");
}

}  // namespace

Config default_config() { return {}; }

core::Result<Config> parse_config(std::string_view json_text, std::string_view file_name) {
  const auto json = routing::parse_json_text(json_text, file_name);
  if (!json) return core::fail(json.error());
  Config config = default_config();
  Problems problems(file_name);
  read_object(config, *json, config_keys(), "", problems);
  check_listeners(config.listeners, problems);
  check_upstream(*json, config, problems);
  check_socket_path(config, problems);
  if (!problems.text().empty()) return core::fail(core::Errc::invalid, problems.text());
  return config;
}

core::Result<Config> load_config(const std::string& path) {
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
  return parse_config(text.str(), path);
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

std::string admin_socket_path(const Config& config) {
  return config.admin.socket.empty() ? config.data_dir + "/admin.sock" : config.admin.socket;
}

}  // namespace headgate::hub
