// `headgate deploy`: the modules of a deployment manifest as units of an engine, and what another manifest changes.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "core/result.h"
#include "tools/headgate/daemon.h"

namespace headgate::tools {

inline constexpr int kExitLeftOut = 3;  // done, but parts have no counterpart

// Where the commands read, ask and write.
struct DeployTool {
  std::function<core::Result<std::string>(const std::string& path)> read;
  AskDaemon ask;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

struct RenderOptions {
  std::string manifest = {};
  std::string to = {};            // "compose", "quadlet" or "systemd"
  std::string out = {};           // a directory; empty: everything to standard output
  bool force = false;             // overwrite files that are there
  std::string config = {};        // of the hub, whose iot_edge the modules are told
  std::string gateway = {};       // the name that modules use; empty: the first of iot_edge.gateway_names
  std::string identities = {};    // empty: as the configuration says
  std::string engine = "docker";  // of systemd units
};

// Exit code 0: all of it; 3: some parts have no counterpart, and are named; 1: the manifest is wrong, and nothing is written.
int run_deploy_render(const DeployTool& tool, const RenderOptions& options);

// Exit code 0: nothing differs; 1: something does; 2: one of them is no manifest.
int run_deploy_diff(const DeployTool& tool, const std::string& before, const std::string& after);

}  // namespace headgate::tools
