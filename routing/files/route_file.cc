#include "routing/files/route_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "routing/files/compute_rule.h"
#include "routing/files/json_text.h"
#include "routing/files/manifest.h"
#include "routing/files/table_rule.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPriorityMax = 9;
constexpr int kSchemaMajor = 1;
constexpr int kSchemaMinorMax = 4;

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

// `major.minor[.patch]`; the patch is ignored.
std::optional<std::pair<int, int>> parse_version(std::string_view text) {
  std::pair<int, int> version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.second);
  if (minor.ec != std::errc() || (minor.ptr != end && *minor.ptr != '.')) return std::nullopt;
  return version;
}

constexpr size_t kLinkNameBytesMax = 32;

// A key with two words to choose from.
template <class T>
struct Choice {
  std::string_view key;
  std::string_view first;
  T first_value;
  std::string_view second;
  T second_value;
};

// Settings of a file that hold for all of its routes.
struct FileRules {
  bool objects_allowed = true;  // schema 1.0 knows only strings
  bool manifest = false;        // its unknown keys are no mistakes
  Semantics semantics = Semantics::strict;
  BodyMode body = BodyMode::auto_detect;
  std::optional<uint32_t> ttl_s;
};

class Reader {
 public:
  explicit Reader(std::string_view file) : name_(file) {}

  RouteFile read(const Json& root) {
    if (!root.is_object())
      return reject("", "is " + describe(root) + "; a route file is an object with \"routes\"");
    file_.manifest = true;
    const Json* const content = member(root, "content");
    if (const Json* modules = member(content != nullptr ? *content : root, "modulesContent")) {
      return read_manifest(*modules, "modulesContent.");
    }
    if (member(root, "$edgeHub") != nullptr) return read_manifest(root, "");
    if (const Json* twin = member(root, "properties")) return read_twin(*twin);
    if (member(root, "schemaVersion") != nullptr) return read_desired(root, "");
    return read_plain(root);
  }

  // Desired properties, as those of a layer.
  RouteFile read_applied(const Json& desired) {
    file_.manifest = true;
    return desired.is_object() ? read_layer(desired, "") : reject("", "is " + describe(desired));
  }

  RouteFile reject(std::string_view path, const std::string& what) {
    file_.entries.clear();
    report("", path, what);
    return std::move(file_);
  }

 private:
  RouteFile read_plain(const Json& root) {
    file_.manifest = false;
    static const std::vector<std::string_view> kKeys = {"routes", "tables", "semantics", "body"};
    FileRules rules;
    for (const auto& [key, value] : root.items()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
        report("", key, "unknown key" + did_you_mean(key, kKeys));
      }
    }
    const Json* const routes = member(root, "routes");
    if (routes == nullptr)
      return reject("routes", "is missing; a route file is {\"routes\": {name: route, …}}");
    if (const Json* const tables = member(root, "tables")) read_tables(*tables);
    if (!read_options(root, "", "", rules.semantics, rules.body)) return std::move(file_);
    return read_routes(*routes, "routes", rules);
  }

  void read_tables(const Json& tables) {
    std::vector<QueueRuleProblem> problems;
    file_.tables = read_table_rules(tables, name_, problems);
    for (const QueueRuleProblem& it : problems) report("", it.path, it.what);
  }

  RouteFile read_manifest(const Json& modules, const std::string& place) {
    const Json* const hub = member(modules, "$edgeHub");
    const Json* const whole = hub == nullptr ? nullptr : member(*hub, kDesired);
    const std::string path = place + "$edgeHub[\"properties.desired\"]";
    const Json layers = hub == nullptr ? Json::object() : layered_properties(*hub);
    if (whole == nullptr && layers.empty())
      return reject(path, "is missing; that is where a deployment manifest keeps its routes");
    if (whole == nullptr) return read_layer(layers, path);
    const Json* const routes = member(*whole, "routes");
    if (!whole->is_object() || (routes != nullptr && !routes->is_object())) return read_desired(*whole, path);
    Json desired = *whole;
    desired.merge_patch(layers);
    return read_desired(desired, path);
  }

  // Twin of the module $edgeHub, as `az iot hub module-twin show` prints it.
  RouteFile read_twin(const Json& properties) {
    const Json* const desired = member(properties, "desired");
    if (desired == nullptr)
      return reject("properties.desired", "is missing; that is where a twin keeps its routes");
    return read_desired(*desired, "properties.desired");
  }

  // A layer alone demands nothing of the deployment below it.
  RouteFile read_layer(const Json& layer, const std::string& path) {
    if (member(layer, "schemaVersion") != nullptr && !version_of(layer)) return read_desired(layer, path);
    FileRules rules = rules_of_manifest(true);
    const Json* const forward = member(layer, "storeAndForwardConfiguration");
    if (forward != nullptr &&
        !read_global_ttl(*forward, join_path(path, "storeAndForwardConfiguration"), rules))
      return std::move(file_);
    const Json* const routes = member(layer, "routes");
    return routes == nullptr ? std::move(file_) : read_routes(*routes, join_path(path, "routes"), rules);
  }

  // Routes written for edgeHub mean here what they mean there.
  static FileRules rules_of_manifest(bool objects_allowed) {
    return {.objects_allowed = objects_allowed,
            .manifest = true,
            .semantics = Semantics::edgehub,
            .body = BodyMode::declared,
            .ttl_s = std::nullopt};
  }

  static std::optional<std::pair<int, int>> version_of(const Json& desired) {
    const Json* const text = member(desired, "schemaVersion");
    const auto version = text != nullptr && text->is_string()
                             ? parse_version(text->get_ref<const std::string&>())
                             : std::nullopt;
    const bool known = version && version->first == kSchemaMajor && version->second >= 0 &&
                       version->second <= kSchemaMinorMax;
    return known ? version : std::nullopt;
  }

  // The desired properties of $edgeHub, by the rules of their schema version.
  RouteFile read_desired(const Json& desired, const std::string& path) {
    const Json* const version_text = member(desired, "schemaVersion");
    const auto version = version_of(desired);
    if (!version) {
      return reject(join_path(path, "schemaVersion"),
                    (version_text == nullptr ? "is missing" : "is " + describe(*version_text)) +
                        "; allowed: \"1.0\" to \"1.4\"");
    }
    return read_sections(desired, path, version->second);
  }

  RouteFile read_sections(const Json& desired, const std::string& path, int minor) {
    FileRules rules = rules_of_manifest(minor >= 1);
    const Json* const routes = member(desired, "routes");
    const Json* const forward = member(desired, "storeAndForwardConfiguration");
    if (minor >= 1 && routes == nullptr)
      return reject(join_path(path, "routes"), "is missing; schema 1.1 demands it");
    if (minor >= 1 && forward == nullptr) {
      return reject(join_path(path, "storeAndForwardConfiguration"), "is missing; schema 1.1 demands it");
    }
    if (forward != nullptr &&
        !read_global_ttl(*forward, join_path(path, "storeAndForwardConfiguration"), rules)) {
      return std::move(file_);
    }
    if (routes == nullptr) return std::move(file_);
    return read_routes(*routes, join_path(path, "routes"), rules);
  }

  // edgeHub: a 32-bit int, negative = for ever. Here 0 is for ever, too.
  bool read_global_ttl(const Json& forward, const std::string& path, FileRules& rules) {
    const Json* const ttl = member(forward, "timeToLiveSecs");
    const std::string ttl_path = join_path(path, "timeToLiveSecs");
    if (ttl == nullptr) {
      report("", ttl_path, "is missing; allowed: seconds, -1 for ever");
      return false;
    }
    constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
    if (!ttl->is_number_integer() || ttl->get<int64_t>() < -kMax - 1 || ttl->get<int64_t>() > kMax) {
      report("", ttl_path, "is " + describe(*ttl) + "; allowed: seconds up to 2147483647, -1 for ever");
      return false;
    }
    rules.ttl_s = static_cast<uint32_t>(std::max<int64_t>(0, ttl->get<int64_t>()));
    return true;
  }

  RouteFile read_routes(const Json& routes, const std::string& path, const FileRules& rules) {
    if (!routes.is_object()) return reject(path, "is " + describe(routes) + "; allowed: {name: route, …}");
    for (const auto& [name, value] : routes.items()) read_entry(name, value, join_path(path, name), rules);
    return std::move(file_);
  }

  void read_entry(const std::string& name, const Json& value, const std::string& path,
                  const FileRules& rules) {
    RouteFileEntry entry{.name = name,
                         .text = "",
                         .priority = std::nullopt,
                         .ttl_s = rules.ttl_s,
                         .semantics = rules.semantics,
                         .body = rules.body,
                         .file = name_,
                         .queue = {},
                         .retain = false,
                         .limits = {},
                         .shadow = false,
                         .links = {},
                         .schemas = {},
                         .send_back = false};
    if (is_blank(name)) return report(name, path, "a route needs a name that is not blank");
    if (value.is_null() && rules.manifest) return;  // as a twin says that a property is no more
    if (value.is_string()) {
      entry.text = value.get<std::string>();
      if (!is_blank(entry.text)) file_.entries.push_back(std::move(entry));
      return;
    }
    if (!value.is_object() || !rules.objects_allowed) {
      return report(name, path, "is " + describe(value) + "; allowed: " + allowed_values(rules));
    }
    if (read_object(entry, value, path, rules)) file_.entries.push_back(std::move(entry));
  }

  static std::string allowed_values(const FileRules& rules) {
    if (!rules.objects_allowed) return "the route's text (objects came with schema 1.1)";
    return "the route's text, or an object with \"route\"";
  }

  bool read_object(RouteFileEntry& entry, const Json& value, const std::string& path,
                   const FileRules& rules) {
    const size_t errors_before = file_.errors.size();
    if (!rules.manifest) report_unknown_keys(entry.name, value, path);
    read_text(entry, member(value, "route"), join_path(path, "route"));
    read_priority(entry, member(value, "priority"), join_path(path, "priority"));
    read_ttl(entry, member(value, "timeToLiveSecs"), join_path(path, "timeToLiveSecs"), rules);
    read_options(value, entry.name, path, entry.semantics, entry.body);
    read_flag(entry, value, path, "retain", entry.retain);
    if (!rules.manifest) read_flag(entry, value, path, "shadow", entry.shadow);
    if (!rules.manifest) read_flag(entry, value, path, "sendBack", entry.send_back);
    read_publish_as(entry, member(value, "publishAs"), join_path(path, "publishAs"));
    if (!rules.manifest) read_links(entry, member(value, "link"), join_path(path, "link"));
    std::vector<QueueRuleProblem> problems;
    entry.queue = read_queue_rule(value, rules.manifest, problems);
    entry.limits = read_compute_rule(value, rules.manifest, problems);
    entry.on_change = read_on_change(value, problems);
    entry.retained = read_retained_inputs(value, problems);
    for (const QueueRuleProblem& it : problems) report(entry.name, path + "." + it.path, it.what);
    return file_.errors.size() == errors_before;
  }

  void report_unknown_keys(const std::string& route, const Json& value, const std::string& path) {
    const std::vector<std::string_view>& keys = route_keys();
    for (const auto& [key, unused] : value.items()) {
      if (std::ranges::find(keys, key) != keys.end()) continue;
      report(route, join_path(path, key), "unknown key" + did_you_mean(key, keys));
    }
  }

  void read_text(RouteFileEntry& entry, const Json* text, const std::string& path) {
    if (text == nullptr) return report(entry.name, path, "is missing; allowed: the route's text");
    if (!text->is_string() || is_blank(text->get_ref<const std::string&>())) {
      return report(entry.name, path, "is " + describe(*text) + "; allowed: the route's text, not blank");
    }
    entry.text = text->get<std::string>();
  }

  void read_priority(RouteFileEntry& entry, const Json* priority, const std::string& path) {
    if (priority == nullptr) return;
    if (!in_range(*priority, kPriorityMax)) {
      return report(entry.name, path,
                    "is " + describe(*priority) + "; allowed: 0 (first) to 9, or no priority");
    }
    entry.priority = priority->get<uint8_t>();
  }

  // Only Headgate's own files can say that a route's messages are kept for ever: edgeHub's routes cannot.
  void read_ttl(RouteFileEntry& entry, const Json* ttl, const std::string& path, const FileRules& rules) {
    if (ttl == nullptr) return;
    if (!rules.manifest && *ttl == -1) {
      entry.ttl_s = 0;
      return;
    }
    if (!in_range(*ttl, std::numeric_limits<uint32_t>::max())) {
      return report(entry.name, path,
                    "is " + describe(*ttl) + "; allowed: 0 to 4294967295 s, where 0 takes the default" +
                        (rules.manifest ? "" : ", or -1 for ever"));
    }
    if (const auto seconds = ttl->get<uint32_t>(); seconds != 0) entry.ttl_s = seconds;
  }

  void read_flag(const RouteFileEntry& entry, const Json& object, const std::string& path,
                 std::string_view key, bool& flag) {
    const Json* const value = member(object, key);
    if (value == nullptr) return;
    if (!value->is_boolean())
      return report(entry.name, join_path(path, key), "is " + describe(*value) + "; allowed: true or false");
    flag = value->get<bool>();
  }

  void read_publish_as(RouteFileEntry& entry, const Json* user, const std::string& path) {
    if (user == nullptr) return;
    if (!user->is_string() || is_blank(user->get_ref<const std::string&>()))
      return report(entry.name, path, "is " + describe(*user) + "; allowed: the name of a user");
    entry.publish_as = user->get<std::string>();
  }

  // The hub knows whether there are such links.
  void read_links(RouteFileEntry& entry, const Json* link, const std::string& path) {
    if (link == nullptr) return;
    const Json list = link->is_string() ? Json::array({*link}) : *link;
    const auto is_name = [](const Json& one) {
      return one.is_string() && is_link_name(one.get<std::string>());
    };
    if (!list.is_array() || list.empty() || !std::all_of(list.begin(), list.end(), is_name))
      return report(entry.name, path,
                    "is " + describe(*link) +
                        R"(; allowed: the name of a link, or a list of names, the preferred first)");
    for (const Json& one : list) {
      auto name = one.get<std::string>();
      if (std::ranges::find(entry.links, name) != entry.links.end())
        return report(entry.name, path, "names \"" + name + "\" twice; leave one of them out");
      entry.links.push_back(std::move(name));
    }
  }

  static bool in_range(const Json& value, uint64_t max) {
    return value.is_number_unsigned() && value.get<uint64_t>() <= max;
  }

  bool read_options(const Json& object, const std::string& route, const std::string& path,
                    Semantics& semantics, BodyMode& body) {
    static constexpr Choice<Semantics> kSemantics = {"semantics", "strict", Semantics::strict, "edgehub",
                                                     Semantics::edgehub};
    static constexpr Choice<BodyMode> kBody = {"body", "auto", BodyMode::auto_detect, "declared",
                                               BodyMode::declared};
    if (!read_choice(object, route, path, kSemantics, semantics)) return false;
    if (member(object, "semantics") != nullptr) {
      body = semantics == Semantics::edgehub ? BodyMode::declared : BodyMode::auto_detect;
    }
    return read_choice(object, route, path, kBody, body);
  }

  // Stays as it is when the key is absent.
  template <class T>
  bool read_choice(const Json& object, const std::string& route, const std::string& path,
                   const Choice<T>& choice, T& chosen) {
    const Json* const value = member(object, choice.key);
    if (value == nullptr) return true;
    if (*value != choice.first && *value != choice.second) {
      report(route, join_path(path, choice.key),
             "is " + describe(*value) + "; allowed: \"" + std::string(choice.first) + "\" or \"" +
                 std::string(choice.second) + "\"");
      return false;
    }
    chosen = *value == choice.first ? choice.first_value : choice.second_value;
    return true;
  }

  void report(const std::string& route, std::string_view path, const std::string& what) {
    const std::string place = path.empty() ? name_ : name_ + ": " + std::string(path);
    file_.errors.push_back({name_, route, place + ": " + what});
  }

  std::string name_;
  RouteFile file_;
};

}  // namespace

bool is_link_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= kLinkNameBytesMax && std::ranges::all_of(name, fits);
}

RouteFile parse_route_file(std::string_view text, std::string_view file) {
  const auto json = parse_json_text(text, file);
  if (!json) return {{}, {{std::string(file), "", json.error().what}}};
  RouteFile read = Reader(file).read(*json);
  read.without_effect = parts_without_effect(*json, file);
  return read;
}

RouteFile parse_desired_routes(std::string_view desired, std::string_view file) {
  const auto json = parse_json_text(desired, file);
  if (!json) return {{}, {{std::string(file), "", json.error().what}}};
  RouteFile read = Reader(file).read_applied(*json);
  read.without_effect = parts_without_effect(Json{{"properties", {{"desired", *json}}}}, file);
  return read;
}

void add_tables(RouteFile& all, std::vector<TableSource> more) {
  for (TableSource& table : more) {
    const auto first = std::ranges::find(all.tables, table.name, &TableSource::name);
    if (first == all.tables.end()) {
      all.tables.push_back(std::move(table));
      continue;
    }
    all.errors.push_back({table.declared_in, "",
                          table.declared_in + ": " + join_path("tables", table.name) + ": " +
                              first->declared_in + " declares a table of this name; rename one of them"});
  }
}

const std::vector<std::string_view>& route_keys() {
  static const std::vector<std::string_view> kKeys = {
      "route", "priority", "timeToLiveSecs", "semantics", "body",      "queue",  "onRemove", "retain",
      "late",  "state",    "onChange",       "retained",  "publishAs", "shadow", "link",     "sendBack"};
  return kKeys;
}

std::span<const std::string_view> configuration_keys() {
  static constexpr std::array<std::string_view, 19> kKeys = {
      "hub_id",  "data_dir", "user",       "listeners",      "auth",           "access",   "limits",
      "history", "store",    "routes_dir", "time_to_live_s", "sys_interval_s", "upstream", "links",
      "admin",   "log",      "include",    "observe",        "iot_edge"};
  return kKeys;
}

RouteText parse_route_text(std::string_view text, std::string_view file) {
  const auto json = parse_json_text(text, file);
  const auto has = [&](std::string_view key) { return member(*json, key) != nullptr; };
  if (!json || !std::ranges::any_of(configuration_keys(), has)) return {parse_route_file(text, file), ""};
  const Json* const routes = member(*json, "routes");
  const Json* const dir = member(*json, "routes_dir");
  RouteText read;
  const Json* const tables = member(*json, "tables");
  Json own = Json::object();
  if (routes != nullptr || tables != nullptr) own["routes"] = routes != nullptr ? *routes : Json::object();
  if (tables != nullptr) own["tables"] = *tables;
  if (!own.empty()) read.routes = Reader(file).read(own);
  if (dir != nullptr && dir->is_string()) read.routes_dir = dir->get<std::string>();
  return read;
}

}  // namespace headgate::routing
