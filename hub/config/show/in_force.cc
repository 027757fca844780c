#include "hub/config/show/in_force.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "hub/config/show/read_config.h"
#include "hub/config/show/value_text.h"
#include "routing/files/json_text.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const Key<Config>& key, Config& config) {
  return Json::parse(std::visit(ValueText<Config>{config}, key.slot));
}

// A name under which people write a secret, also where nothing of that name is known.
bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {"password", "passphrase", "secret",
                                                             "token",    "sas_key",    "api_key"};
  return std::ranges::any_of(kNames, [&](std::string_view ending) { return name.ends_with(ending); });
}

// Puts "***" in the place of every text with such a name.
void hide_secrets(Json& value) {
  for (const auto& [name, inner] : value.items()) {
    if (inner.is_string() && !inner.get_ref<const std::string&>().empty() && is_secret(name)) inner = "***";
    if (inner.is_structured()) hide_secrets(inner);
  }
}

bool are_routes(const Key<Config>& key) {
  return std::holds_alternative<Ref<Config, routing::RouteFile>>(key.slot);
}

std::string listed(Config config, const Json& file, const KeySources& sources) {
  Config defaults = default_config();
  Json keys = Json::array();
  for (const Key<Config>& key : config_keys()) {
    const std::string name(key.path);
    const Json* const written = are_routes(key) ? routing::member(file, name) : nullptr;
    keys.push_back({{"key", name},
                    {"value", written != nullptr ? *written : value_of(key, config)},
                    {"default", value_of(key, defaults)},
                    {"takes_effect", key.takes == Takes::at_once ? "at once" : "by restart"},
                    {"from", sources.files_below(name)}});
  }
  for (Json& key : keys) {
    Json named = {{key["key"].get<std::string>(), std::move(key["value"])}};
    hide_secrets(named);
    key["value"] = std::move(named.begin().value());
  }
  return Json{{"keys", std::move(keys)}}.dump();
}

}  // namespace

core::Result<std::string> settings_in_force(const std::string& path) {
  if (path.empty()) return listed(default_config(), Json::object(), KeySources());
  const auto parts = read_parts(path);
  if (!parts) return core::fail(parts.error());
  auto read = read_config(*parts);
  if (!read) return core::fail(read.error());
  if (!read->problems.empty()) return core::fail(core::Errc::invalid, read->problems.text());
  return listed(std::move(read->config), *read->said.json, read->said.sources);
}

}  // namespace headgate::hub
