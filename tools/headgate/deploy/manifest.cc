#include "tools/headgate/deploy/manifest.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "routing/files/json_text.h"
#include "routing/files/manifest.h"
#include "tools/headgate/deploy/create_options.h"

namespace headgate::tools {
namespace {

using ManifestJson = nlohmann::ordered_json;
using routing::describe;
using routing::join_path;
using routing::member;

constexpr std::string_view kModuleNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.%_*?!(),:=@$'";
constexpr size_t kModuleNameMax = 128;
constexpr std::array<std::string_view, 8> kModuleMembers = {
    "version", "type", "status", "restartPolicy", "startupOrder", "imagePullPolicy", "settings", "env"};

void add_note(std::vector<DeployNote>& notes, std::string path, std::string what) {
  notes.push_back({std::move(path), std::move(what)});
}

// Where `modules.NAME.settings.image` is cut: names have dots, members are known.
std::pair<std::string_view, std::string_view> name_and_member(std::string_view rest) {
  for (size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.', dot + 1)) {
    const std::string_view behind = rest.substr(dot + 1);
    if (std::ranges::find(kModuleMembers, behind.substr(0, behind.find('.'))) != kModuleMembers.end())
      return {rest.substr(0, dot), behind};
  }
  return {rest, {}};
}

// Sets what a dotted path leads to; objects on the way come to be.
void set_at(ManifestJson& object, std::string_view path, const ManifestJson& value) {
  ManifestJson* at = &object;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    at = &(*at)[std::string(path.substr(0, dot))];
    if (!at->is_object()) *at = ManifestJson::object();
    path.remove_prefix(dot + 1);
  }
  (*at)[std::string(path)] = value;
}

void place_agent_key(ManifestJson& desired, std::string_view path, const ManifestJson& value) {
  for (const std::string_view section : {"modules.", "systemModules."}) {
    if (!path.starts_with(section)) continue;
    const auto [name, inner] = name_and_member(path.substr(section.size()));
    ManifestJson& modules = desired[std::string(section.substr(0, section.size() - 1))];
    if (!modules.is_object()) modules = ManifestJson::object();
    ManifestJson& module = modules[std::string(name)];
    if (inner.empty()) {
      module = value;
    } else {
      if (!module.is_object()) module = ManifestJson::object();
      set_at(module, inner, value);
    }
    return;
  }
  set_at(desired, path, value);
}

const ManifestJson* modules_content(const ManifestJson& root) {
  const ManifestJson* const content = member(root, "content");
  if (const ManifestJson* modules = member(content == nullptr ? root : *content, "modulesContent"))
    return modules;
  return member(root, "$edgeAgent") != nullptr || member(root, "$edgeHub") != nullptr ? &root : nullptr;
}

class DeploymentReader {
 public:
  EdgeDeployment read(const ManifestJson& root) {
    const auto desired = desired_of(root, "$edgeAgent");
    if (!desired) {
      error("", desired.error().what);
      return std::move(deployment_);
    }
    for (const auto& [key, value] : desired->items()) take_section(key, value);
    if (deployment_.modules.empty() && deployment_.notes.errors.empty())
      error(join_path(base_, "modules"), "there are none, so there is nothing to make units of");
    name_units();
    std::ranges::stable_sort(deployment_.modules, {}, &EdgeModule::startup_order);
    return std::move(deployment_);
  }

 private:
  void error(const std::string& path, std::string what) {
    add_note(deployment_.notes.errors, path, std::move(what));
  }
  void left_out(const std::string& path, std::string what) {
    add_note(deployment_.notes.left_out, path, std::move(what));
  }
  void to_do(const std::string& path, std::string what) {
    add_note(deployment_.notes.to_do, path, std::move(what));
  }

  void take_section(const std::string& key, const ManifestJson& value) {
    const std::string path = join_path(base_, key);
    if (key == "modules") return take_modules(path, value);
    if (key == "systemModules") return take_system_modules(path, value);
    if (key == "runtime") return take_runtime(path, value);
    if (key == "integrity") return to_do(path, "signatures of manifests are not checked: guard the file");
    if (key != "schemaVersion" && !key.starts_with('$')) left_out(path, "Headgate does not know it");
  }

  void take_runtime(const std::string& path, const ManifestJson& runtime) {
    const ManifestJson* const settings = member(runtime, "settings");
    const ManifestJson* const logins =
        settings == nullptr ? nullptr : member(*settings, "registryCredentials");
    if (logins == nullptr || !logins->is_object()) return;
    const std::string place = join_path(join_path(path, "settings"), "registryCredentials");
    for (const auto& [name, login] : logins->items()) {
      const ManifestJson* const address = member(login, "address");
      const bool known = address != nullptr && address->is_string();
      to_do(join_path(place, name), "log in where the containers run, as by docker login " +
                                        (known ? address->get<std::string>() : "ADDRESS"));
    }
  }

  void take_system_modules(const std::string& path, const ManifestJson& modules) {
    if (!modules.is_object()) return;
    for (const auto& [name, module] : modules.items()) {
      const std::string place = join_path(path, name);
      if (name != "edgeAgent" && name != "edgeHub")
        left_out(place, "Headgate does not know this module of the system");
      else
        to_do(place, name == "edgeHub" ? "headgated stands in its place: see headgate.json"
                                       : "the engine and systemd stand in its place");
      const ManifestJson* const env = member(module, "env");
      if (env == nullptr || !env->is_object()) continue;
      for (const auto& [variable, unused] : env->items())
        to_do(join_path(join_path(place, "env"), variable),
              "nobody reads it: docs/from-iot-edge.md names its counterpart");
    }
  }

  void take_modules(const std::string& path, const ManifestJson& modules) {
    if (!modules.is_object()) return error(path, "is " + describe(modules) + "; has to be an object");
    for (const auto& [name, value] : modules.items()) {
      const size_t errors = deployment_.notes.errors.size();
      EdgeModule module = read_module(name, join_path(path, name), value);
      if (deployment_.notes.errors.size() == errors) deployment_.modules.push_back(std::move(module));
    }
  }

  EdgeModule read_module(const std::string& name, const std::string& path, const ManifestJson& value) {
    EdgeModule module{.name = name};
    if (name.empty() || name.size() > kModuleNameMax ||
        name.find_first_not_of(kModuleNameCharacters) != std::string::npos || name.starts_with('$')) {
      error(path, "no module can be called so: up to 128 letters, digits and -.%_*?!(),:=@'");
      return module;
    }
    if (!value.is_object()) {
      error(path, "is " + describe(value) + "; has to be an object");
      return module;
    }
    if (member(value, "settings") == nullptr) error(join_path(path, "settings"), "is missing");
    for (const auto& [key, inner] : value.items()) take_member(key, join_path(path, key), inner, module);
    return module;
  }

  void take_member(const std::string& key, const std::string& path, const ManifestJson& value,
                   EdgeModule& module) {
    if (key == "settings") return take_settings(path, value, module);
    if (key == "env") return take_env(path, value, module);
    if (key == "startupOrder") return take_order(path, value, module);
    if (key == "version") return;
    static const std::map<std::string_view, std::vector<std::string_view>> kWords = {
        {"type", {"docker"}},
        {"status", {"running", "stopped"}},
        {"restartPolicy", {"always", "on-failure", "on-unhealthy", "never"}},
        {"imagePullPolicy", {"on-create", "never"}}};
    const auto words = kWords.find(key);
    if (words == kWords.end()) return left_out(path, "Headgate does not know it");
    const auto word = std::ranges::find_if(words->second, [&](std::string_view it) { return value == it; });
    if (word == words->second.end())
      return error(path, "is " + describe(value) + "; allowed: " + joined(words->second));
    const auto at = static_cast<size_t>(word - words->second.begin());
    if (key == "status") module.running = at == 0;
    if (key == "restartPolicy") module.restart = static_cast<ModuleRestart>(at);
    if (key == "imagePullPolicy") module.pulls = at == 0;
  }

  static std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) (text += text.empty() ? "" : ", ") += word;
    return text;
  }

  void take_order(const std::string& path, const ManifestJson& value, EdgeModule& module) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > UINT32_MAX)
      return error(path, "is " + describe(value) + "; has to be a number from 0 to 4294967295");
    module.startup_order = value.get<uint32_t>();
  }

  void take_env(const std::string& path, const ManifestJson& env, EdgeModule& module) {
    if (!env.is_object()) return error(path, "is " + describe(env) + "; has to be an object");
    for (const auto& [name, holder] : env.items()) {
      const std::string place = join_path(path, name);
      const ManifestJson* const value = member(holder, "value");
      if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
        error(place, "no variable can be called so");
      else if (value == nullptr || value->is_structured() || value->is_null())
        error(place, R"(has to be {"value": …} with a text, a number or true or false)");
      else if (value->is_string() && value->get_ref<const std::string&>().find('\0') != std::string::npos)
        error(place, "has a NUL character, which no variable can have");
      else
        module.settings.push_back(
            {EnginePart::env, name, value->is_string() ? value->get<std::string>() : value->dump()});
    }
  }

  void take_settings(const std::string& path, const ManifestJson& settings, EdgeModule& module) {
    if (!settings.is_object()) return error(path, "is " + describe(settings) + "; has to be an object");
    take_image(join_path(path, "image"), settings, module);
    const auto options = create_options_of(settings);
    if (!options) return error(path + "." + options.error().what, "");
    take_create_options(*options, join_path(path, "createOptions"), module, deployment_.notes);
    for (const auto& [key, value] : settings.items())
      if (key != "image" && key != "auth" && !key.starts_with("createOptions"))
        left_out(join_path(path, key), "Headgate does not know it");
  }

  void take_image(const std::string& path, const ManifestJson& settings, EdgeModule& module) {
    const ManifestJson* const image = member(settings, "image");
    if (image == nullptr) return error(path, "is missing");
    if (!image->is_string() || image->get_ref<const std::string&>().empty())
      return error(path, "is " + describe(*image) + "; has to be the name of an image");
    module.image = image->get<std::string>();
    if (module.image.find("${") != std::string::npos)
      return error(path, "has a placeholder of a template: give the manifest that was made of it");
    const auto odd = [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '%' || c == '$';
    };
    if (std::ranges::any_of(module.image, odd) || module.image.starts_with('-'))
      error(path, "no image can be called so: " + describe(*image));
  }

  void name_units() {
    std::map<std::string, std::string> taken;
    for (EdgeModule& module : deployment_.modules) {
      module.unit = unit_name_of(module.name);
      const std::string path = join_path(join_path(base_, "modules"), module.name);
      const auto [other, is_new] = taken.emplace(module.unit, module.name);
      if (!is_new) error(path, "its container would be called as that of " + other->second + ": rename one");
    }
  }

  const std::string base_ = R"(modulesContent.$edgeAgent["properties.desired"])";
  EdgeDeployment deployment_;
};

}  // namespace

core::Result<ManifestJson> desired_of(const ManifestJson& root, const std::string& module) {
  const ManifestJson* const modules = modules_content(root);
  if (modules == nullptr || !modules->is_object())
    return core::fail(core::Errc::invalid,
                      "is no deployment manifest: those have modulesContent with $edgeAgent and $edgeHub");
  const ManifestJson* const found = member(*modules, module);
  if (found == nullptr) return ManifestJson::object();
  const std::string path = "modulesContent." + module;
  if (!found->is_object())
    return core::fail(core::Errc::invalid, path + ": is " + describe(*found) + "; has to be an object");
  ManifestJson desired = ManifestJson::object();
  if (const ManifestJson* whole = member(*found, routing::kDesired)) desired = *whole;
  if (!desired.is_object())
    return core::fail(core::Errc::invalid,
                      path + "[\"properties.desired\"]: is " + describe(desired) + "; has to be an object");
  if (module == "$edgeHub") {
    desired.merge_patch(routing::layered_properties(*found));
    return desired;
  }
  const std::string prefix = std::string(routing::kDesired) + ".";
  for (const auto& [key, value] : found->items())
    if (key.starts_with(prefix)) place_agent_key(desired, std::string_view(key).substr(prefix.size()), value);
  return desired;
}

core::Result<ManifestJson> create_options_of(const ManifestJson& settings) {
  const ManifestJson* const first = member(settings, "createOptions");
  std::string text;
  size_t parts = 0;
  for (const auto& [key, value] : settings.items()) parts += key.starts_with("createOptions") ? 1 : 0;
  if (parts == 0 || (first != nullptr && first->is_null())) return ManifestJson::object();
  if (first != nullptr && first->is_object() && parts == 1) return *first;
  for (size_t part = 0; part < parts; ++part) {
    const std::string number = std::to_string(part);
    const std::string key =
        part == 0 ? "createOptions" : "createOptions" + std::string(part < 10 ? "0" : "") + number;
    const ManifestJson* const value = member(settings, key);
    if (value == nullptr)
      return core::fail(core::Errc::invalid, key + ": is missing, and parts that come after it are there");
    if (!value->is_string())
      return core::fail(core::Errc::invalid,
                        key + ": is " + describe(*value) + "; has to be a text with JSON");
    text += value->get_ref<const std::string&>();
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return ManifestJson::object();
  auto options = routing::parse_json_text(text, "createOptions");
  if (!options) return core::fail(options.error());
  if (options->is_null()) return ManifestJson::object();
  if (!options->is_object())
    return core::fail(core::Errc::invalid,
                      "createOptions: is " + describe(*options) + "; has to be an object");
  return options;
}

std::string unit_name_of(const std::string& module) {
  std::string unit;
  for (const char c : module)
    unit += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' ? c : '-';
  return !unit.empty() && std::isalnum(static_cast<unsigned char>(unit[0])) != 0 ? unit : "m" + unit;
}

EdgeDeployment read_deployment(const ManifestJson& root) { return DeploymentReader().read(root); }

}  // namespace headgate::tools
