#include "hub/access/settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "routing/files/json_text.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using broker::Action;
using broker::Identity;

constexpr std::array<std::pair<std::string_view, Action>, 3> kActionNames = {
    {{"publish", Action::publish}, {"subscribe", Action::subscribe}, {"receive", Action::receive}}};
constexpr std::array<std::pair<std::string_view, Identity::Kind>, 3> kKindNames = {
    {{"client", Identity::Kind::client},
     {"device", Identity::Kind::device},
     {"module", Identity::Kind::module}}};
constexpr std::string_view kTopicAllowed =
    "an MQTT topic filter, with %c client id, %u user, %m module, %d device and %% for a percent sign";

// Reads members of JSON objects and collects what is wrong with them.
class Reader {
 public:
  [[nodiscard]] const std::string& problems() const { return problems_; }

  void found(const std::string& path, const Json& value, std::string_view allowed) {
    complain(path, "is " + routing::describe(value) + "; allowed: " + std::string(allowed));
  }
  void complain(const std::string& path, const std::string& what) {
    problems_.append(problems_.empty() ? "" : "\n").append(path).append(": ").append(what);
  }
  // False, and said, if it is no object or has other keys than these.
  bool object(const std::string& path, const Json& value, const std::vector<std::string_view>& keys) {
    if (!value.is_object()) return found(path, value, "an object, {…}"), false;
    for (const auto& [name, ignored] : value.items()) {
      if (std::ranges::find(keys, name) == keys.end()) {
        complain(routing::join_path(path, name), "unknown key" + routing::did_you_mean(name, keys));
      }
    }
    return true;
  }
  // A list of texts, not empty.
  std::vector<std::string> texts(const std::string& path, const Json& value, bool (*ok)(std::string_view),
                                 std::string_view allowed) {
    std::vector<std::string> texts;
    if (!value.is_array() || value.empty())
      found(path, value, "a list, not empty, each " + std::string(allowed));
    for (size_t i = 0; value.is_array() && i < value.size(); ++i) {
      if (value[i].is_string() && ok(value[i].get_ref<const std::string&>())) {
        texts.push_back(value[i].get<std::string>());
      } else {
        found(path + "[" + std::to_string(i) + "]", value[i], allowed);
      }
    }
    return texts;
  }

 private:
  std::string problems_;
};

bool has_one_star_at_most(std::string_view text) {
  return !text.empty() && std::ranges::count(text, '*') <= 1;
}

bool is_action(std::string_view text) {
  return std::ranges::any_of(kActionNames, [&](const auto& known) { return known.first == text; });
}

broker::Actions actions_of(const std::vector<std::string>& names) {
  broker::Actions actions = 0;
  for (const auto& [name, action] : kActionNames) {
    if (std::ranges::find(names, name) != names.end()) actions |= static_cast<uint8_t>(action);
  }
  return actions;
}

Who read_who(Reader& reader, const std::string& path, const Json& json) {
  Who who;
  if (!reader.object(path, json, {"anonymous", "users", "kind"})) return who;
  if (const auto anonymous = json.find("anonymous"); anonymous != json.end()) {
    who.anonymous = *anonymous == true;
    if (!who.anonymous) reader.found(path + ".anonymous", *anonymous, "true, or leave it out");
    if (json.size() > 1)
      reader.complain(path, "has anonymous and more; anonymous clients have no user and no kind");
  }
  if (const auto users = json.find("users"); users != json.end()) {
    const Json list = users->is_string() ? Json::array({*users}) : *users;
    who.users =
        reader.texts(path + ".users", list, has_one_star_at_most, "a user's name, with at most one *");
  }
  if (const auto kind = json.find("kind"); kind != json.end()) {
    const auto known = std::ranges::find_if(kKindNames, [&](const auto& one) { return *kind == one.first; });
    if (known == kKindNames.end())
      return reader.found(path + ".kind", *kind, "client, device or module"), who;
    who.kind = known->second;
  }
  return who;
}

AccessRule read_rule(Reader& reader, const std::string& path, const Json& json) {
  AccessRule rule;
  if (!reader.object(path, json, {"who", "allow", "deny", "topics"})) return rule;
  if (json.contains("who")) {
    rule.who = read_who(reader, path + ".who", json["who"]);
  } else {
    reader.complain(path + ".who", "is missing; allowed: an object, {} for everybody");
  }
  rule.allow = json.contains("allow");
  if (rule.allow == json.contains("deny")) {
    reader.complain(path, "needs one of allow and deny, with a list of publish, subscribe, receive");
  } else {
    const std::string key = rule.allow ? "allow" : "deny";
    rule.actions =
        actions_of(reader.texts(path + "." + key, json[key], is_action, "publish, subscribe or receive"));
  }
  if (json.contains("topics")) {
    rule.topics = reader.texts(path + ".topics", json["topics"], is_topic_with_variables, kTopicAllowed);
  } else {
    reader.complain(path + ".topics", "is missing; allowed: a list of topic filters, [\"#\"] for all");
  }
  return rule;
}

// Checks the name of an identity: a name, with `*` only where the user has one.
std::string read_name(Reader& reader, const std::string& path, const Json& json, const std::string& key,
                      bool star) {
  const auto value = json.find(key);
  if (value == json.end()) return "";
  const bool text = value->is_string();
  const std::string name = text ? value->get<std::string>() : "";
  const auto stars = std::ranges::count(name, '*');
  if (is_plain_name(name) && stars <= (star ? 1 : 0)) return name;
  reader.found(path + "." + key, *value,
               "a name without + # /, with one * at most, and only if the user has one");
  return "";
}

IdentityPattern read_identity(Reader& reader, const std::string& path, const std::string& user,
                              const Json& json) {
  IdentityPattern pattern{user, "", ""};
  if (!has_one_star_at_most(user))
    reader.complain(path, "is no user's name; allowed: a text with at most one *");
  if (!reader.object(path, json, {"device", "module"})) return pattern;
  const bool star = user.find('*') != std::string::npos;
  pattern.device = read_name(reader, path, json, "device", star);
  pattern.module = read_name(reader, path, json, "module", star);
  if (json.empty()) reader.complain(path, "says nothing; allowed: {\"module\": …}, {\"device\": …} or both");
  return pattern;
}

}  // namespace

core::Result<std::vector<IdentityPattern>> parse_identities(std::string_view json_text,
                                                            std::string_view path) {
  const Json json = Json::parse(json_text, nullptr, false);
  const std::string at(path);
  Reader reader;
  std::vector<IdentityPattern> identities;
  if (!json.is_object()) reader.found(at, json, "an object with a line for each user");
  for (const auto& [user, value] : json.items()) {
    if (!json.is_object()) break;
    identities.push_back(read_identity(reader, routing::join_path(at, user), user, value));
  }
  if (!reader.problems().empty()) return core::fail(core::Errc::invalid, reader.problems());
  return identities;
}

core::Result<std::vector<AccessRule>> parse_access_rules(std::string_view json_text, std::string_view path) {
  const Json json = Json::parse(json_text, nullptr, false);
  const std::string at(path);
  Reader reader;
  std::vector<AccessRule> rules;
  if (!json.is_array()) reader.found(at, json, "a list of rules; [] lets nobody do anything");
  for (size_t i = 0; json.is_array() && i < json.size(); ++i) {
    rules.push_back(read_rule(reader, at + "[" + std::to_string(i) + "]", json[i]));
  }
  if (!reader.problems().empty()) return core::fail(core::Errc::invalid, reader.problems());
  return rules;
}

std::string to_json(const std::vector<IdentityPattern>& identities) {
  Json json = Json::object();
  for (const IdentityPattern& one : identities) {
    json[one.user] = Json::object();
    if (!one.device.empty()) json[one.user]["device"] = one.device;
    if (!one.module.empty()) json[one.user]["module"] = one.module;
  }
  return json.dump();
}

std::string to_json(const std::vector<AccessRule>& rules) {
  Json json = Json::array();
  for (const AccessRule& rule : rules) {
    Json who = Json::object();
    if (rule.who.anonymous) who["anonymous"] = true;
    if (!rule.who.users.empty()) who["users"] = rule.who.users;
    for (const auto& [name, kind] : kKindNames) {
      if (rule.who.kind == kind) who["kind"] = name;
    }
    Json actions = Json::array();
    for (const auto& [name, action] : kActionNames) {
      if (has(rule.actions, action)) actions.push_back(name);
    }
    json.push_back({{"who", who}, {rule.allow ? "allow" : "deny", actions}, {"topics", rule.topics}});
  }
  return json.dump();
}

}  // namespace headgate::hub
