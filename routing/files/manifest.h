// Azure IoT Edge's deployment manifests beside their routes: how a layered one is put together, and which parts
// Headgate has no use for. route_file.h reads the routes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::routing {

// Where a deployment holds the settings that a module is to have.
inline constexpr std::string_view kDesired = "properties.desired";

// A part of a manifest that has no effect here. `path` leads to it through the file: "modulesContent.$edgeAgent…".
struct ManifestNote {
  std::string file;
  std::string path;
  std::string advice;  // who does instead what it asks for: one line

  friend bool operator==(const ManifestNote&, const ManifestNote&) = default;
};

// More are counted in the last one, whose path is empty.
inline constexpr size_t kManifestNotesMax = 200;

// Every part that has no effect, in the order of the file. Names variables and settings, never their values:
// manifests hold passwords. `root` is any of the forms that parse_route_file() takes for a manifest.
[[nodiscard]] std::vector<ManifestNote> parts_without_effect(const nlohmann::ordered_json& root,
                                                             std::string_view file);

// "FILE: PATH: no effect here: ADVICE", for a terminal.
[[nodiscard]] std::string to_text(const ManifestNote& note);

// A layered deployment adds to a deployment below it by keys with dots: "properties.desired.routes.NAME", whose
// value is as in `routes`, and "properties.desired.routes.NAME.priority". Puts those keys of $edgeHub together as
// an object of desired properties. A value of a wrong type stays where it is, for the reader to complain about.
[[nodiscard]] nlohmann::ordered_json layered_properties(const nlohmann::ordered_json& hub);

}  // namespace headgate::routing
