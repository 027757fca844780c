#include "routing/files/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "routing/files/json_text.h"
#include "routing/files/route_file.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kUnknown = "Headgate does not know it";
constexpr size_t kNamesMax = 12;  // variables that one line names

struct Advice {
  std::string_view key;
  std::string_view text;  // empty: it has no effect in IoT Edge's hub either
};

// Keys around the modules, as the tools export a deployment.
constexpr std::array kAroundModules = {
    Advice{"targetCondition", "a hub takes the file that it is given: copy it to the devices that are meant"},
    Advice{"priority", "a hub takes the file that it is given: leave out the deployments that lose"},
    Advice{"metrics", "read the counters: headgate status, or /metrics of the admin listener"},
    Advice{"deviceContent",
           "there are no device twins: publish these settings retained, let the device subscribe"},
};

constexpr std::array kOfHub = {
    Advice{
        "storeLimits",
        "set store.bytes_max in headgate.json for the whole store, queue.maxBytes of a route for its queue"},
    Advice{"authorizations", "write them as access.rules in headgate.json"},
    Advice{"bridges",
           "set the link in upstream of headgate.json, and write a route for each topic that is bridged"},
    Advice{"integrity", "the signature is not checked: guard the file by its owner and rights"},
};

constexpr std::array kOfAgent = {
    Advice{"runtime", "Headgate starts no containers: log in to registries where you start them"},
    Advice{"systemModules", "Headgate starts no containers: what this one did, headgated and systemd do"},
    Advice{"modules",
           "Headgate starts no containers: headgate deploy render makes a unit of it for who does"},
};

std::string_view advice_for(std::span<const Advice> advices, std::string_view key) {
  const auto found = std::ranges::find(advices, key, &Advice::key);
  return found == advices.end() ? kUnknown : found->text;
}

// Up to the first dot, and what follows it.
std::pair<std::string_view, std::string_view> cut_at_dot(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {text, {}};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

bool says_something(const Json& value) {
  if (value.is_structured()) return std::any_of(value.begin(), value.end(), says_something);
  return !value.is_null() && value != "";
}

std::string names_in(const Json& object) {
  std::string names;
  size_t count = 0;
  for (const auto& [name, unused] : object.items()) {
    if (++count > kNamesMax) break;
    names += (names.empty() ? "" : ", ") + name;
  }
  return object.size() > kNamesMax ? names + " and " + std::to_string(object.size() - kNamesMax) + " more"
                                   : names;
}

class NoteTaker {
 public:
  explicit NoteTaker(std::string_view file) : file_(file) {}

  // Goes the ways that the reader of the routes goes.
  std::vector<ManifestNote> take(const Json& root) {
    const Json* const content = member(root, "content");
    if (const Json* modules = member(content != nullptr ? *content : root, "modulesContent")) {
      take_around(root, content);
      take_modules(*modules, "modulesContent");
    } else if (member(root, "$edgeHub") != nullptr) {
      take_modules(root, "");
    } else if (const Json* twin = member(root, "properties")) {
      if (const Json* desired = member(*twin, "desired"))
        take_desired(*desired, std::string(kDesired), &NoteTaker::take_hub_part);
    } else if (member(root, "schemaVersion") != nullptr) {
      take_desired(root, "", &NoteTaker::take_hub_part);
    }
    if (more_ > 0)
      notes_.push_back({file_, "", "and " + std::to_string(more_) + " more parts that have no effect here"});
    return std::move(notes_);
  }

 private:
  // Looks at a part: `section` of the desired properties, `rest` below it (may have dots, may be empty).
  using Part = void (NoteTaker::*)(const std::string& path, std::string_view section, std::string_view rest,
                                   const Json& value);

  void note(std::string path, std::string_view advice) {
    if (notes_.size() == kManifestNotesMax) {
      ++more_;
      return;
    }
    notes_.push_back({file_, std::move(path), std::string(advice)});
  }

  void take_around(const Json& root, const Json* content) {
    for (const Advice& known : kAroundModules) {
      if (const Json* value = member(root, known.key); value != nullptr && says_something(*value))
        note(std::string(known.key), known.text);
    }
    if (content == nullptr) return;
    for (const auto& [key, value] : content->items()) {
      if (key != "modulesContent" && says_something(value))
        note(join_path("content", key), advice_for(kAroundModules, key));
    }
  }

  void take_modules(const Json& modules, const std::string& path) {
    if (!modules.is_object()) return;
    for (const auto& [name, module] : modules.items()) {
      const std::string place = join_path(path, name);
      if (name == "$edgeHub") {
        take_module(module, place, &NoteTaker::take_hub_part);
      } else if (name == "$edgeAgent") {
        take_module(module, place, &NoteTaker::take_agent_part);
      } else {
        take_twin(module, place, name);
      }
    }
  }

  void take_twin(const Json& module, const std::string& path, const std::string& name) {
    const std::string advice = "no twin is set by a file of routes: headgate twin set DEVICE/" + name +
                               " does, as headgate twin get shows";
    if (!module.is_object()) return note(path, kUnknown);
    for (const auto& [key, value] : module.items()) note(join_path(path, key), advice);
  }

  // Desired properties in one object, and by keys with dots.
  void take_module(const Json& module, const std::string& path, Part part) {
    if (!module.is_object()) return note(path, kUnknown);
    for (const auto& [key, value] : module.items()) {
      const std::string place = join_path(path, key);
      const std::string prefix = std::string(kDesired) + ".";
      if (key == kDesired) {
        take_desired(value, place, part);
      } else if (key.starts_with(prefix)) {
        const auto [section, rest] = cut_at_dot(std::string_view(key).substr(prefix.size()));
        rest.empty() ? take_section(value, place, section, part) : (this->*part)(place, section, rest, value);
      } else {
        note(place, kUnknown);
      }
    }
  }

  void take_desired(const Json& desired, const std::string& path, Part part) {
    if (!desired.is_object()) return;
    for (const auto& [section, value] : desired.items())
      take_section(value, join_path(path, section), section, part);
  }

  void take_section(const Json& value, const std::string& path, std::string_view section, Part part) {
    static constexpr std::array<std::string_view, 3> kBookkeeping = {"schemaVersion", "$version",
                                                                     "$metadata"};
    static constexpr std::array<std::string_view, 5> kOfParts = {"routes", "storeAndForwardConfiguration",
                                                                 "mqttBroker", "modules", "systemModules"};
    if (std::ranges::find(kBookkeeping, section) != kBookkeeping.end() || value.is_null()) return;
    if (std::ranges::find(kOfParts, section) == kOfParts.end() || !value.is_object())
      return (this->*part)(path, section, "", value);
    for (const auto& [key, inner] : value.items()) (this->*part)(join_path(path, key), section, key, inner);
  }

  void take_hub_part(const std::string& path, std::string_view section, std::string_view rest,
                     const Json& value) {
    if (section == "routes") return take_route(path, value);
    const std::string_view key = cut_at_dot(rest).first;
    const bool forward = section == "storeAndForwardConfiguration";
    if (forward && (rest.empty() || key == "timeToLiveSecs")) return take_time_to_live(path, value);
    if (says_something(value)) note(path, advice_for(kOfHub, rest.empty() ? section : key));
  }

  void take_time_to_live(const std::string& path, const Json& value) {
    if (value == 0)
      note(path, "messages are kept for ever, where edgeHub drops them unsent: set the seconds");
  }

  void take_route(const std::string& path, const Json& route) {
    if (!route.is_object()) return;
    for (const auto& [key, unused] : route.items()) {
      if (std::ranges::find(route_keys(), key) == route_keys().end()) note(join_path(path, key), kUnknown);
    }
  }

  // `rest` is the name of a module, or leads into one: "filter.env.THRESHOLD".
  void take_agent_part(const std::string& path, std::string_view section, std::string_view rest,
                       const Json& value) {
    const auto [module, inner] = cut_at_dot(rest);
    if (inner == "env") return take_env(path, section, module, value.is_object() ? names_in(value) : "");
    if (inner.starts_with("env."))
      return take_env(path, section, module, std::string(cut_at_dot(inner.substr(4)).first));
    if (section == "systemModules" && module == "edgeHub") {
      note(path, "headgated stands in its place: set its ports, its store and its link in headgate.json");
    } else {
      note(path, advice_for(kOfAgent, section));
    }
    const Json* const env = inner.empty() ? member(value, "env") : nullptr;
    if (env != nullptr && env->is_object()) take_env(join_path(path, "env"), section, module, names_in(*env));
  }

  void take_env(const std::string& path, std::string_view section, std::string_view module,
                const std::string& names) {
    std::string advice = "set them where you start the container";
    if (section == "systemModules") advice = "nobody reads them";
    if (section == "systemModules" && module == "edgeHub")
      advice = "see the keys of headgate.json for a setting that you need";
    if (!names.empty()) note(path, advice + ": " + names);
  }

  std::string file_;
  std::vector<ManifestNote> notes_;
  size_t more_ = 0;
};

}  // namespace

std::vector<ManifestNote> parts_without_effect(const Json& root, std::string_view file) {
  return NoteTaker(file).take(root);
}

std::string to_text(const ManifestNote& note) {
  if (note.path.empty()) return note.file + ": " + note.advice;
  return note.file + ": " + note.path + ": no effect here: " + note.advice;
}

}  // namespace headgate::routing
