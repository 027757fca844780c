#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/headgate/import/mosquitto/acl.h"
#include "tools/headgate/import/mosquitto/parts.h"

namespace headgate::tools::mosquitto {
namespace {

std::vector<const Line*> lines_named(const Sections& sections, std::string_view key) {
  std::vector<const Line*> found;
  for (const Line& line : sections.hub)
    if (line.key == key) found.push_back(&line);
  for (const Section& section : sections.listeners)
    for (const Line& line : section.lines)
      if (line.key == key) found.push_back(&line);
  return found;
}

Json rules_of_file(const Line& line, const ImportFiles& files, Imported& out) {
  const auto text = files.read(line.value);
  if (!text) {
    out.error(line.place, line.text(), text.error().what);
    return Json::array();
  }
  AccessDraft rules;
  import_acl(*text, line.value, rules, out);
  return rules.rules();
}

bool lets_anonymous_in(const Json& config) {
  return std::ranges::any_of(config["listeners"],
                             [](const Json& listener) { return listener["anonymous"] == true; });
}

// Whoever was let in might do everything.
Json rules_without_acl(const Json& config) {
  Json rules = Json::array({full_right(R"({"users":"*"})")});
  if (lets_anonymous_in(config)) rules.push_back(full_right(anonymous_clients()));
  return rules;
}

// Rules are for all listeners here: those of several files together would give more than each.
bool are_several(const std::vector<const Line*>& files, size_t listeners, const Sections& sections) {
  const auto same = [&](const Line* line) { return line->value == files.front()->value; };
  const bool of_listener =
      std::ranges::none_of(sections.hub, [](const Line& line) { return line.key == "acl_file"; });
  return !files.empty() && (!std::ranges::all_of(files, same) || (of_listener && files.size() < listeners));
}

Json rules_of(const Sections& sections, bool plugins, const ImportFiles& files, const Json& config,
              Imported& out) {
  const auto acl = lines_named(sections, "acl_file");
  if (plugins) {
    for (const Line* line : acl)
      out.note(line->place, line->text(),
               "a plugin had its say, too: nobody has a right until you write access.rules");
    return Json::array();
  }
  if (acl.empty()) return rules_without_acl(config);
  if (are_several(acl, config["listeners"].size(), sections)) {
    for (const Line* line : acl)
      out.note(
          line->place, line->text(),
          "access.rules is for all listeners, and these have rules of their own: nobody has a right until you "
          "write it");
    return Json::array();
  }
  return rules_of_file(*acl.back(), files, out);
}

}  // namespace

void import_access(const Sections& sections, bool plugins, const ImportFiles& files, Json& config,
                   Imported& out) {
  for (const Line& line : sections.hub)
    if (line.key == "password_file") config["auth"]["password_file"] = line.value;
  config["access"]["rules"] = rules_of(sections, plugins, files, config, out);
}

}  // namespace headgate::tools::mosquitto
