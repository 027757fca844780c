// Files that start the modules of a deployment, for an engine that people run already. Pure: text in, text out.
#pragma once

#include <string>
#include <vector>

#include "tools/headgate/deploy/module.h"

namespace headgate::tools {

inline constexpr std::string_view kUnitPrefix = "headgate-";  // of units and Quadlet files
inline constexpr std::string_view kComposeFile = "compose.yaml";
inline constexpr std::string_view kModuleNetwork = "azure-iot-edge";  // of modules that name none
inline constexpr std::string_view kRendered =
    "# Written by headgate deploy render.";  // first line of each file

struct RenderedFile {
  std::string name;
  std::string text;
};

// Parts that the kind of unit has no counterpart for become notes.
[[nodiscard]] std::vector<RenderedFile> render_compose(const std::vector<EdgeModule>& modules,
                                                       DeployNotes& notes);
[[nodiscard]] std::vector<RenderedFile> render_quadlet(const std::vector<EdgeModule>& modules,
                                                       DeployNotes& notes);
// `engine` is the program, which systemd looks for if it is no path: "docker", or one whose name has "podman".
[[nodiscard]] std::vector<RenderedFile> render_systemd(const std::vector<EdgeModule>& modules,
                                                       const std::string& engine, DeployNotes& notes);

// Where a container is on the network: a mode such as "host", or networks by name.
struct NetworkPlace {
  std::string mode = {};
  std::vector<ModuleNetwork> networks = {};
};
[[nodiscard]] NetworkPlace network_of(const EdgeModule& module);

// Modules that start before this one: their units.
[[nodiscard]] std::vector<std::string> started_before(const EdgeModule& module,
                                                      const std::vector<EdgeModule>& modules);

// Names what Podman cannot give a module, and says whether a setting is such.
[[nodiscard]] bool podman_lacks(const EdgeModule& module, const EngineSetting& setting, DeployNotes& notes);
void note_restart(const EdgeModule& module, DeployNotes& notes);

// "type=bind,source=…,target=…" as --mount takes it.
[[nodiscard]] std::string mount_text(const ModuleMount& mount);

}  // namespace headgate::tools
