#include "tools/headgate/deploy/yaml.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/headgate/deploy/quoting.h"

namespace headgate::tools {
namespace {

using YamlJson = nlohmann::ordered_json;

// Words of YAML 1.1 that are no texts.
constexpr std::array<std::string_view, 9> kYamlWords = {"y",   "n",    "yes",   "no",  "on",
                                                        "off", "true", "false", "null"};

std::string yaml_key(const std::string& key) {
  const bool plain =
      !key.empty() && std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain && std::ranges::find(kYamlWords, key) == kYamlWords.end() ? key : yaml_quoted(key);
}

bool stands_on_its_line(const YamlJson& value) { return !value.is_structured() || value.empty(); }

void append_yaml(std::string& text, const YamlJson& value, const std::string& indent);

// Puts a value behind "key:" or "-".
void append_value(std::string& text, const YamlJson& value, const std::string& indent) {
  if (stands_on_its_line(value)) {
    text +=
        " " + (value.is_string() ? yaml_quoted(value.get_ref<const std::string&>()) : value.dump()) + "\n";
  } else {
    text += "\n";
    append_yaml(text, value, indent + "  ");
  }
}

void append_yaml(std::string& text, const YamlJson& value, const std::string& indent) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items())
      append_value(text += indent + yaml_key(key) + ":", inner, indent);
  } else {
    for (const YamlJson& inner : value) append_value(text += indent + "-", inner, indent);
  }
}

}  // namespace

std::string to_yaml(const YamlJson& value) {
  std::string text;
  append_yaml(text, value, "");
  return text;
}

}  // namespace headgate::tools
