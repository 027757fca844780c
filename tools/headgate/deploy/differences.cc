#include "tools/headgate/deploy/differences.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "routing/files/json_text.h"
#include "routing/files/manifest.h"
#include "tools/headgate/deploy/manifest.h"

namespace headgate::tools {
namespace {

using DiffJson = nlohmann::ordered_json;
using routing::join_path;
using routing::member;

// Thing that is there or not, with its members by their paths.
struct Subject {
  std::string of;
  std::string name;
  std::vector<std::pair<std::string, std::string>> members = {};
};

const std::string* find_member(const Subject& subject, const std::string& path) {
  const auto found =
      std::ranges::find(subject.members, path, [](const auto& it) -> const std::string& { return it.first; });
  return found == subject.members.end() ? nullptr : &found->second;
}

const Subject* find_subject(const std::vector<Subject>& subjects, const Subject& wanted) {
  const auto found = std::ranges::find_if(
      subjects, [&](const Subject& it) { return it.of == wanted.of && it.name == wanted.name; });
  return found == subjects.end() ? nullptr : &*found;
}

bool hides_value(const Subject& subject, const std::string& path) {
  return path.starts_with("env.") || path.starts_with("env[") ||
         path.find("createOptions.Env") != std::string::npos || path.starts_with("settings.auth") ||
         subject.of == "runtime";
}

void flatten(const DiffJson& value, const std::string& path, Subject& subject) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items())
      flatten(inner, path.empty() ? join_path("", key) : join_path(path, key), subject);
    return;
  }
  subject.members.emplace_back(path, value.dump(-1, ' ', false, DiffJson::error_handler_t::replace));
}

// Variables by their names, so that a change of one is a change of one.
DiffJson variables_by_name(const DiffJson& list) {
  DiffJson named = DiffJson::object();
  for (const DiffJson& item : list) {
    const std::string text = item.is_string() ? item.get<std::string>() : item.dump();
    const size_t equals = text.find('=');
    named[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return named;
}

// The module with its options of creation as an object, and its variables as values.
core::Result<DiffJson> opened_module(const DiffJson& module, const std::string& path) {
  DiffJson opened = module;
  const DiffJson* const settings = member(module, "settings");
  if (settings != nullptr && settings->is_object()) {
    auto options = create_options_of(*settings);
    if (!options)
      return core::fail(core::Errc::invalid, join_path(path, "settings") + "." + options.error().what);
    if (const DiffJson* env = member(*options, "Env"); env != nullptr && env->is_array())
      (*options)["Env"] = variables_by_name(*env);
    DiffJson kept = DiffJson::object();
    for (const auto& [key, value] : settings->items())
      if (!key.starts_with("createOptions")) kept[key] = value;
    if (!options->empty()) kept["createOptions"] = *std::move(options);
    opened["settings"] = std::move(kept);
  }
  if (const DiffJson* env = member(module, "env"); env != nullptr && env->is_object())
    for (const auto& [name, holder] : env->items())
      if (const DiffJson* value = member(holder, "value")) opened["env"][name] = *value;
  return opened;
}

class SubjectReader {
 public:
  explicit SubjectReader(const DiffJson& root) : root_(root) {}

  core::Result<std::vector<Subject>> read() {
    for (const auto& take : {&SubjectReader::take_agent, &SubjectReader::take_hub})
      if (const core::Status taken = (this->*take)(); !taken) return core::fail(taken.error());
    take_twins();
    return std::move(subjects_);
  }

 private:
  core::Status take_agent() {
    const auto desired = desired_of(root_, "$edgeAgent");
    if (!desired) return core::fail(desired.error());
    for (const auto& [key, value] : desired->items()) {
      if (key == "modules" || key == "systemModules") {
        const core::Status taken = take_modules(key, value);
        if (!taken) return taken;
      } else if (key == "runtime") {
        flatten(value, "", subjects_.emplace_back(Subject{"runtime", ""}));
      }
    }
    return {};
  }

  core::Status take_modules(const std::string& key, const DiffJson& modules) {
    const std::string path = R"(modulesContent.$edgeAgent["properties.desired"].)" + key;
    if (!modules.is_object()) return core::fail(core::Errc::invalid, path + ": has to be an object");
    for (const auto& [name, module] : modules.items()) {
      const auto opened = opened_module(module, join_path(path, name));
      if (!opened) return core::fail(opened.error());
      flatten(*opened, "",
              subjects_.emplace_back(Subject{key == "modules" ? "module" : "system module", name}));
    }
    return {};
  }

  core::Status take_hub() {
    const auto desired = desired_of(root_, "$edgeHub");
    if (!desired) return core::fail(desired.error());
    Subject hub{"hub", ""};
    for (const auto& [key, value] : desired->items()) {
      if (key != "routes") {
        flatten(value, key, hub);
      } else if (value.is_object()) {
        for (const auto& [name, route] : value.items())
          flatten(route.is_string() ? DiffJson{{"route", route}} : route, "",
                  subjects_.emplace_back(Subject{"route", name}));
      }
    }
    subjects_.push_back(std::move(hub));
    return {};
  }

  void take_twins() {
    const DiffJson* const content = member(root_, "content");
    const DiffJson* modules = member(content == nullptr ? root_ : *content, "modulesContent");
    if (modules == nullptr) modules = &root_;
    for (const auto& [name, module] : modules->items())
      if (!name.starts_with('$') && member(module, routing::kDesired) != nullptr)
        flatten(*member(module, routing::kDesired), "",
                subjects_.emplace_back(Subject{"desired properties", name}));
  }

  const DiffJson& root_;
  std::vector<Subject> subjects_;
};

void compare_subjects(const Subject& before, const Subject& after, std::vector<DeployChange>& changes) {
  using Kind = DeployChange::Kind;
  const auto tell = [&](Kind kind, const std::string& path, const std::string* old_value,
                        const std::string* new_value) {
    const bool secret = hides_value(after, path);
    changes.push_back({kind, after.of, after.name, path, secret || old_value == nullptr ? "" : *old_value,
                       secret || new_value == nullptr ? "" : *new_value});
  };
  for (const auto& [path, value] : after.members) {
    const std::string* const old_value = find_member(before, path);
    if (old_value == nullptr)
      tell(Kind::added, path, nullptr, &value);
    else if (*old_value != value)
      tell(Kind::changed, path, old_value, &value);
  }
  for (const auto& [path, value] : before.members)
    if (find_member(after, path) == nullptr) tell(Kind::removed, path, &value, nullptr);
}

// The member that says most about the whole.
std::string gist_of(const Subject& subject) {
  const std::string* const gist = find_member(subject, subject.of == "route" ? "route" : "settings.image");
  return gist == nullptr ? "" : *gist;
}

}  // namespace

core::Result<std::vector<DeployChange>> deploy_changes(const DiffJson& before, const DiffJson& after) {
  const auto old_subjects = SubjectReader(before).read();
  if (!old_subjects) return core::fail(old_subjects.error());
  const auto new_subjects = SubjectReader(after).read();
  if (!new_subjects) return core::fail(new_subjects.error());
  std::vector<DeployChange> changes;
  for (const Subject& subject : *new_subjects) {
    if (const Subject* old_subject = find_subject(*old_subjects, subject))
      compare_subjects(*old_subject, subject, changes);
    else
      changes.push_back({DeployChange::Kind::added, subject.of, subject.name, "", "", gist_of(subject)});
  }
  for (const Subject& subject : *old_subjects)
    if (find_subject(*new_subjects, subject) == nullptr)
      changes.push_back({DeployChange::Kind::removed, subject.of, subject.name, "", gist_of(subject), ""});
  return changes;
}

}  // namespace headgate::tools
