#include <nlohmann/json.hpp>
#include <set>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/config/settings.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// Objects whose members have names that people give: each is told of by itself.
bool has_named_members(const std::string& key) {
  return key == "routes" || key == "tables" || key == "links" || key == "auth.identities";
}

void compare(const Json& key, const Json& was, const Json& is, const Json& effect, Json& changes) {
  if (was != is) changes.push_back({{"key", key}, {"before", was}, {"after", is}, {"takes_effect", effect}});
}

void compare_members(const std::string& key, const Json& was, const Json& is, const Json& effect,
                     Json& changes) {
  std::set<std::string> names;
  for (const Json* side : {&was, &is})
    for (const auto& [name, value] : side->items()) names.insert(name);
  for (const std::string& name : names)
    compare(key + "." + name, member_of(was, name), member_of(is, name), effect, changes);
}

// Compares lists of one daemon, which have the same keys in the same order.
Json changes_of(const Json& before, const Json& after) {
  Json changes = Json::array();
  for (size_t i = 0; i < after.size() && i < before.size(); ++i) {
    const std::string key = text_of(after[i], "key");
    const Json& was = member_of(before[i], "value");
    const Json& is = member_of(after[i], "value");
    const Json& effect = member_of(after[i], "takes_effect");
    if (has_named_members(key) && was.is_object() && is.is_object()) {
      compare_members(key, was, is, effect, changes);
    } else {
      compare(key, was, is, effect, changes);
    }
  }
  return changes;
}

std::string cell(const Json& value) { return value.is_null() ? "-" : value.dump(); }

void show_changes(const Json& changes, std::ostream& out) {
  if (changes.empty()) {
    out << "no key has another value\n";
    return;
  }
  Table table({{"KEY"}, {"BEFORE"}, {"AFTER"}, {"TAKES EFFECT"}});
  for (const Json& change : changes)
    table.add({text_of(change, "key"), cell(change["before"]), cell(change["after"]),
               text_of(change, "takes_effect")});
  table.print(out);
}

}  // namespace

int run_config_diff(const ConfigTool& tool, const std::string& before, const std::string& after) {
  const auto old_settings = settings_of(tool, before);
  const auto new_settings = settings_of(tool, after);  // also after an error: both are told of
  if (!old_settings || !new_settings) return 1;
  const Json changes = changes_of(*old_settings, *new_settings);
  if (tool.json) {
    tool.out << Json{{"changes", changes}}.dump() << '\n';
  } else {
    show_changes(changes, tool.out);
  }
  return 0;
}

}  // namespace headgate::tools
