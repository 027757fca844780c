#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/identity/book.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

bool is_enabled(const Json& entry) { return !entry.contains("enabled") || flag_of(entry, "enabled"); }

std::string ways_of(const Json& entry) {
  const auto has = [&entry](std::string_view field) { return !text_of(entry, field).empty(); };
  if (has("primary_key")) return has("secondary_key") ? "two keys" : "a primary key";
  if (has("secondary_key")) return "a secondary key";
  if (member_of(entry, "thumbprints").is_array())
    return counted(member_of(entry, "thumbprints").size(), "thumbprint");
  return has("ca_file") ? "an authority" : "nothing";
}

// The entry without what is secret.
Json without_keys(const Json& entry) {
  Json json = {{"id", text_of(entry, "id")},
               {"enabled", is_enabled(entry)},
               {"generation_id", text_of(entry, "generation_id")},
               {"proves_itself_by", ways_of(entry)}};
  for (const char* field : {"thumbprints", "ca_file", "common_name"})
    if (entry.contains(field)) json[field] = entry[field];
  return json;
}

}  // namespace

int run_identity_ls(const IdentityTool& tool, const IdentityPlace& place) {
  const auto names = edge_names(tool, place, false);
  if (!names) return kExitFailed;
  const auto book = read_book(names->file);
  if (!book) return tell(tool, book.error());
  Json all = Json::array();
  Table table({{"ID"}, {"STATE"}, {"PROVES ITSELF BY"}, {"GENERATION"}});
  for (const Json& entry : member_of(*book, "identities")) {
    all.push_back(without_keys(entry));
    table.add({text_of(entry, "id"), is_enabled(entry) ? "enabled" : "disabled", ways_of(entry),
               or_dash(text_of(entry, "generation_id"))});
  }
  if (tool.json) {
    tool.out << Json{{"identities", all}}.dump() << '\n';
  } else {
    table.print(tool.out);
  }
  return kExitOk;
}

}  // namespace headgate::tools
