#include "hub/config/schema/schema.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "hub/config/keys.h"
#include "hub/config/show/value_text.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Forms that are no key's, and that several keys or routes have.
constexpr std::string_view kShared = R"json({
  "size": {"description": "A byte size as text, such as \"64MiB\".", "type": "string",
           "pattern": "^[0-9]+ ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"},
  "secret": {"oneOf": [
    {"const": ""},
    {"type": "object", "additionalProperties": false, "required": ["env"],
     "properties": {"env": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}}},
    {"type": "object", "additionalProperties": false, "required": ["file"],
     "properties": {"file": {"type": "string", "minLength": 1}}}]},
  "identity": {"type": "object", "additionalProperties": false, "minProperties": 1,
               "properties": {"device": {"type": "string"}, "module": {"type": "string"}}},
  "actions": {"type": "array", "minItems": 1, "items": {"enum": ["publish", "subscribe", "receive"]}},
  "rule": {
    "description": "Who may, or may not, do what on which topics. Variables in topics: %c client id, %u user, %m module, %d device, %% a percent sign.",
    "type": "object", "additionalProperties": false, "required": ["who", "topics"],
    "oneOf": [{"required": ["allow"]}, {"required": ["deny"]}],
    "properties": {
      "who": {
        "description": "Whom it concerns; {} is everybody.", "type": "object", "additionalProperties": false,
        "properties": {
          "anonymous": {"description": "Clients that have proved nothing. Stands alone.", "const": true},
          "users": {"description": "Users' names, with one * at most; \"*\" is every user.", "type": ["array", "string"]},
          "kind": {"enum": ["client", "device", "module"]}}},
      "allow": {"$ref": "#/$defs/actions"},
      "deny": {"$ref": "#/$defs/actions"},
      "topics": {"type": "array", "minItems": 1, "items": {"type": "string"}}}}
})json";

// Rules of texts as an editor can check them; of others the description says what is allowed.
struct Pattern {
  bool (*ok)(std::string_view text);
  std::string_view keyword;
  std::string_view value;  // JSON
};
constexpr std::array<Pattern, 4> kPatterns = {{
    {is_hub_name, "pattern", R"("^[A-Za-z0-9._-]{0,64}$")"},
    {is_path, "minLength", "1"},
    {is_topic_pattern, "pattern", R"("^[^$+#][^+#]*$")"},
    {is_socket_path, "maxLength", "107"},
}};

template <class Entry>
Json properties_of(const std::vector<Key<Entry>>& keys);

Json closed_object(Json properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

// The form of a key's value: an overload for each type that a key can have.
template <class Owner>
struct Form {
  const Key<Owner>& key;

  Json operator()(const Ref<Owner, bool>&) const { return {{"type", "boolean"}}; }
  Json operator()(const Number<Owner>&) const {
    Json number = {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}};
    if (key.unit != Unit::bytes) return number;
    return {{"oneOf", Json::array({std::move(number), Json{{"$ref", "#/$defs/size"}}})}};
  }
  Json operator()(const Octal<Owner>&) const { return {{"type", "string"}, {"pattern", "^0?[0-7]{3}$"}}; }
  Json operator()(const Ref<Owner, std::string>&) const {
    Json text = {{"type", "string"}};
    for (const Pattern& known : kPatterns)
      if (known.ok == key.rule.ok) text[std::string(known.keyword)] = Json::parse(known.value);
    return text;
  }
  Json operator()(const Ref<Owner, core::SecretSource>&) const { return {{"$ref", "#/$defs/secret"}}; }
  Json operator()(const Ref<Owner, std::vector<std::string>>&) const {
    Json list = {{"type", {"string", "array"}}, {"items", {{"type", "string"}}}, {"maxItems", key.max}};
    if (key.min != 0) list["minItems"] = key.min;
    return list;
  }
  template <class E>
  requires std::is_enum_v<E> Json operator()(const Ref<Owner, E>&) const {
    Json names = Json::array();
    for (const EnumName<E>& known : enum_names<E>())
      if (key.rule.ok == nullptr || key.rule.ok(known.name)) names.push_back(known.name);
    return {{"enum", std::move(names)}};
  }
  Json operator()(const Ref<Owner, PartLevels>&) const {
    Json level = Form<Owner>{key}(Ref<Owner, core::LogLevel>());
    return {{"type", "object"},
            {"propertyNames", {{"enum", core::kLogPartNames}}},
            {"additionalProperties", std::move(level)}};
  }
  Json operator()(const Ref<Owner, Anonymous>&) const { return {{"enum", {"loopback", true, false}}}; }
  Json operator()(const Ref<Owner, store::Durability>&) const {
    return {{"type", "string"}, {"pattern", "^(sync|memory|interval:[1-9][0-9]{0,4})$"}};
  }
  Json operator()(const Ref<Owner, std::vector<ListenerConfig>>&) const {
    return list_of_objects(closed_object(properties_of(listener_keys())));
  }
  Json operator()(const Ref<Owner, std::vector<upstream::DownstreamTopic>>&) const {
    return list_of_objects(closed_object(properties_of(downstream_keys())));
  }
  Json operator()(const Ref<Owner, std::vector<upstream::NamedLink>>&) const {
    Json link = closed_object(properties_of(link_keys()));
    link["required"] = {"host"};
    return {{"type", "object"},
            {"maxProperties", key.max},
            {"propertyNames", {{"pattern", "^[A-Za-z0-9._-]{1,32}$"}}},
            {"additionalProperties", std::move(link)}};
  }
  Json operator()(const Ref<Owner, routing::RouteFile>&) const {
    return {{"$ref", "routes.schema.json#/$defs/" + std::string(key.path)}};
  }
  Json operator()(const Ref<Owner, std::vector<IdentityPattern>>&) const {
    return {{"type", "object"}, {"additionalProperties", {{"$ref", "#/$defs/identity"}}}};
  }
  Json operator()(const Ref<Owner, std::vector<AccessRule>>&) const {
    return {{"type", "array"}, {"items", {{"$ref", "#/$defs/rule"}}}};
  }

 private:
  Json list_of_objects(Json items) const {
    Json list = {{"type", "array"}};
    if (key.min != 0) list["minItems"] = key.min;
    list["maxItems"] = key.max;
    list["items"] = std::move(items);
    return list;
  }
};

std::string description_of(const auto& key) {
  std::string text(key.doc);
  if (key.rule.ok != nullptr && !key.rule.allowed.empty())
    text.append(text.ends_with('.') ? " Allowed: " : "; allowed: ").append(key.rule.allowed).append(".");
  return text;
}

template <class Owner>
Json described(const Key<Owner>& key, Owner& defaults) {
  Json property = {{"description", description_of(key)}};
  property.update(std::visit(Form<Owner>{key}, key.slot));
  const bool has_own =
      key.path == "listeners" || (key.path == "host" && std::is_same_v<Owner, upstream::NamedLink>);
  if (!has_own) property["default"] = Json::parse(std::visit(ValueText<Owner>{defaults}, key.slot));
  return property;
}

// Puts a key where its path says, into objects that it shares with others.
void place(Json& properties, std::string_view path, Json property) {
  Json* level = &properties;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    Json& object = (*level)[std::string(path.substr(0, dot))];
    if (object.is_null()) object = closed_object(Json::object());
    level = &object["properties"];
    path.remove_prefix(dot + 1);
  }
  (*level)[std::string(path)] = std::move(property);
}

template <class Entry>
Json properties_of(const std::vector<Key<Entry>>& keys) {
  Json properties = Json::object();
  Entry defaults{};
  for (const Key<Entry>& key : keys) place(properties, key.path, described(key, defaults));
  return properties;
}

}  // namespace

std::string config_schema() {
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"$id", "headgate.schema.json"},
      {"title", "headgate.json"},
      {"description", "The configuration of headgated. Every key is optional; unknown keys are errors."},
      {"$defs", Json::parse(kShared)}};
  schema.update(closed_object(properties_of(config_keys())));
  return schema.dump(2) + "\n";
}

std::string config_example() {
  return Json::parse(config_reference(), nullptr, true, /*ignore_comments=*/true).dump(2) + "\n";
}

}  // namespace headgate::hub
