#include <nlohmann/json.hpp>

#include "routing/files/json_text.h"
#include "tools/headgate/commands/deploy/commands.h"
#include "tools/headgate/deploy/differences.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using DeployDiffJson = nlohmann::ordered_json;

constexpr int kSame = 0;
constexpr int kDifferent = 1;
constexpr int kNoManifest = 2;

struct KindText {
  char sign;
  std::string_view word;
};

KindText text_of_kind(DeployChange::Kind kind) {
  switch (kind) {
    case DeployChange::Kind::added:
      return {'+', "added"};
    case DeployChange::Kind::removed:
      return {'-', "removed"};
    case DeployChange::Kind::changed:
      break;
  }
  return {'~', "changed"};
}

// "is new", "is gone", "another value", or the values.
std::string values_of(const DeployChange& change) {
  if (change.kind == DeployChange::Kind::added)
    return change.after.empty() ? "is new" : change.after + " is new";
  if (change.kind == DeployChange::Kind::removed)
    return change.before.empty() ? "is gone" : change.before + " is gone";
  return change.before.empty() ? "has another value" : change.before + " -> " + change.after;
}

void show_change(const DeployChange& change, std::ostream& out) {
  const std::string subject = change.of + (change.name.empty() ? "" : " " + change.name);
  if (change.member.empty()) {
    const std::string& gist = change.after.empty() ? change.before : change.after;
    out << text_of_kind(change.kind).sign << ' ' << printable(subject + (gist.empty() ? "" : ": " + gist))
        << '\n';
  } else {
    out << "~ " << printable(subject + ": " + change.member + ": " + values_of(change)) << '\n';
  }
}

DeployDiffJson change_json(const DeployChange& change) {
  DeployDiffJson json = {{"change", text_of_kind(change.kind).word}, {"of", change.of}};
  if (!change.name.empty()) json["name"] = change.name;
  if (!change.member.empty()) json["member"] = change.member;
  if (!change.before.empty()) json["before"] = DeployDiffJson::parse(change.before, nullptr, false);
  if (!change.after.empty()) json["after"] = DeployDiffJson::parse(change.after, nullptr, false);
  return json;
}

core::Result<DeployDiffJson> read_json(const DeployTool& tool, const std::string& path) {
  const auto text = tool.read(path);
  if (!text) return core::fail(text.error());
  return routing::parse_json_text(*text, path);
}

int tell_trouble(const DeployTool& tool, const std::string& what) {
  tool.err << "headgate: " << printable(what, core::LineFeeds::kept) << '\n';
  return kNoManifest;
}

}  // namespace

int run_deploy_diff(const DeployTool& tool, const std::string& before, const std::string& after) {
  const auto old_manifest = read_json(tool, before);
  if (!old_manifest) return tell_trouble(tool, old_manifest.error().what);
  const auto new_manifest = read_json(tool, after);
  if (!new_manifest) return tell_trouble(tool, new_manifest.error().what);
  // Alone first, so that an error names the file that is wrong.
  for (const auto& [path, manifest] : {std::pair{&before, &*old_manifest}, std::pair{&after, &*new_manifest}})
    if (const auto own = deploy_changes(*manifest, *manifest); !own)
      return tell_trouble(tool, *path + ": " + own.error().what);
  const auto changes = deploy_changes(*old_manifest, *new_manifest);
  if (!changes) return tell_trouble(tool, changes.error().what);
  if (tool.json) {
    DeployDiffJson list = DeployDiffJson::array();
    for (const DeployChange& change : *changes) list.push_back(change_json(change));
    tool.out << DeployDiffJson{{"changes", std::move(list)}}.dump(-1, ' ', false,
                                                                  DeployDiffJson::error_handler_t::replace)
             << '\n';
  } else {
    for (const DeployChange& change : *changes) show_change(change, tool.out);
    if (changes->empty()) tool.out << "nothing differs\n";
  }
  return changes->empty() ? kSame : kDifferent;
}

}  // namespace headgate::tools
