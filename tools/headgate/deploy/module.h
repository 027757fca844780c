// Modules of an IoT Edge deployment manifest as containers: whatever `headgate deploy render` makes units of. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headgate::tools {

enum class ModuleRestart : uint8_t { always, on_failure, on_unhealthy, never };

// Options of a container, by what Docker calls them. parts.h names them for each kind of unit.
enum class EnginePart : uint8_t {
  env,
  label,
  volume,
  port,
  exposed_port,
  device,
  network,
  log_driver,
  log_option,
  privileged,
  capability,
  dropped_capability,
  extra_host,
  working_dir,
  user,
  group,
  host_name,
  domain_name,
  dns,
  dns_search,
  security_option,
  sysctl,
  tmpfs,
  read_only,
  init,
  pid_mode,
  ipc_mode,
  memory,
  shm_size,
  cpu_set,
  runtime,
  tty,
  open_stdin,
  stop_signal,
  stop_timeout,
  mac_address,
  ulimit,
  user_namespace,
  cpus,
  cpu_shares,
  cpu_period,
  cpu_quota,
  memory_reservation,
  memory_swap,
  memory_swappiness,
  pids_limit,
  oom_kill_disable,
  oom_score_adjustment,
  cgroup_parent,
  dns_option,
  device_cgroup_rule,
};

// Option with a value. Parts that are pairs have a name, too: a variable, a label.
struct EngineSetting {
  EnginePart part = EnginePart::env;
  std::string name = {};
  std::string value = {};

  friend bool operator==(const EngineSetting&, const EngineSetting&) = default;
};

// A file, directory or volume in a container, named in full where a short form could be misread.
struct ModuleMount {
  std::string type = "bind";  // "bind", "volume" or "tmpfs"
  std::string source = {};
  std::string target = {};
  bool read_only = false;
  std::string propagation = {};  // of a bind
  uint64_t tmpfs_bytes = 0;      // 0: as the engine has it
};

// A network of the engine's own that a container joins by name.
struct ModuleNetwork {
  std::string name = {};
  std::vector<std::string> aliases = {};
};

// Question of an engine to a container, and how often it is asked; 0 and empty: as the image says.
struct ModuleHealth {
  std::vector<std::string> test = {};  // its first word says how: "CMD", "CMD-SHELL" or "NONE"
  uint64_t interval_ns = 0;
  uint64_t timeout_ns = 0;
  uint64_t start_period_ns = 0;
  uint64_t retries = 0;
};

struct EdgeModule {
  std::string name = {};  // as the manifest has it
  std::string unit = {};  // the same in letters, digits and ". _ -": of services, containers and files
  std::string image = {};
  bool running = true;  // false: it is not to be started
  ModuleRestart restart = ModuleRestart::always;
  bool pulls = true;  // false: the image has to be there
  uint32_t startup_order = UINT32_MAX;
  std::vector<EngineSetting> settings = {};
  std::vector<ModuleMount> mounts = {};
  std::vector<ModuleNetwork> networks = {};
  std::vector<std::string> entrypoint = {};
  std::vector<std::string> command = {};
  ModuleHealth health = {};
};

// Part of a manifest about which there is something to say. `path` leads to it; never a value of it, which may be secret.
struct DeployNote {
  std::string path = {};
  std::string what = {};

  friend bool operator==(const DeployNote&, const DeployNote&) = default;
};

struct DeployNotes {
  std::vector<DeployNote> errors = {};    // the manifest is wrong there
  std::vector<DeployNote> left_out = {};  // a module loses this
  std::vector<DeployNote> to_do = {};     // something else does it here, or a person
};

struct EdgeDeployment {
  std::vector<EdgeModule> modules = {};  // in the order in which they start
  DeployNotes notes = {};
};

}  // namespace headgate::tools
