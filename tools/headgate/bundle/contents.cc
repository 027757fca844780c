#include "tools/headgate/bundle/contents.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kHidden = "***";
constexpr const char* kLeftOut = "(left out: it may hold values of messages)";

// Members that are payloads, or tell of values in them.
bool may_hold_values(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "payload",         "payload_base64", "body", "last_body", "properties",
      "type_error_last", "undefined_last", "rows", "samples"};
  return std::ranges::find(kNames, name) != kNames.end();
}

bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kEndings = {
      "password", "passphrase",  "secret",        "token",   "shared_access_key",
      "api_key",  "primary_key", "secondary_key", "sas_key", "private_key"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_empty(const Json& value) { return value.is_null() || value.empty() || value == ""; }

void hide(Json& value) {
  for (const auto& [name, inner] : value.items()) {
    if (value.is_object() && may_hold_values(name) && !inner.is_number() && !is_empty(inner))
      inner = kLeftOut;
    if (value.is_object() && is_secret(name) && inner.is_string() && !is_empty(inner)) inner = kHidden;
    if (inner.is_structured()) hide(inner);
  }
}

}  // namespace

std::string without_confidences(std::string_view json_text) {
  Json json = Json::parse(json_text, nullptr, false);
  if (json.is_discarded()) return "";
  hide(json);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<BundleFile> bundle_files(const std::map<std::string, std::string>& texts) {
  std::vector<BundleFile> files;
  for (const auto& [name, text] : texts) {
    std::string shown = name.ends_with(".json") ? without_confidences(text) : text;
    if (!shown.empty()) files.push_back({name, std::move(shown)});
  }
  return files;
}

}  // namespace headgate::tools
