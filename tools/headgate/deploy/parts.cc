#include "tools/headgate/deploy/parts.h"

#include <algorithm>
#include <array>

namespace headgate::tools {
namespace {

constexpr std::array kParts = {
    PartNames{EnginePart::env, "--env", "Environment", "environment", ComposeShape::pairs},
    PartNames{EnginePart::label, "--label", "Label", "labels", ComposeShape::pairs},
    PartNames{EnginePart::volume, "--volume", "Volume", "volumes", ComposeShape::list},
    PartNames{EnginePart::port, "--publish", "PublishPort", "ports", ComposeShape::list},
    PartNames{EnginePart::exposed_port, "--expose", "ExposeHostPort", "expose", ComposeShape::list},
    PartNames{EnginePart::device, "--device", "AddDevice", "devices", ComposeShape::list},
    PartNames{EnginePart::network, "--network", "Network", "network_mode", ComposeShape::text},
    PartNames{EnginePart::log_driver, "--log-driver", "LogDriver", "driver", ComposeShape::text},
    PartNames{EnginePart::log_option, "--log-opt", "", "options", ComposeShape::pairs},
    PartNames{EnginePart::privileged, "--privileged", "", "privileged", ComposeShape::flag},
    PartNames{EnginePart::capability, "--cap-add", "AddCapability", "cap_add", ComposeShape::list},
    PartNames{EnginePart::dropped_capability, "--cap-drop", "DropCapability", "cap_drop", ComposeShape::list},
    PartNames{EnginePart::extra_host, "--add-host", "", "extra_hosts", ComposeShape::list},
    PartNames{EnginePart::working_dir, "--workdir", "", "working_dir", ComposeShape::text},
    PartNames{EnginePart::user, "--user", "", "user", ComposeShape::text},
    PartNames{EnginePart::group, "--group-add", "", "group_add", ComposeShape::list},
    PartNames{EnginePart::host_name, "--hostname", "HostName", "hostname", ComposeShape::text},
    PartNames{EnginePart::domain_name, "--domainname", "", "domainname", ComposeShape::text},
    PartNames{EnginePart::dns, "--dns", "", "dns", ComposeShape::list},
    PartNames{EnginePart::dns_search, "--dns-search", "", "dns_search", ComposeShape::list},
    PartNames{EnginePart::security_option, "--security-opt", "", "security_opt", ComposeShape::list},
    PartNames{EnginePart::sysctl, "--sysctl", "Sysctl", "sysctls", ComposeShape::pairs},
    PartNames{EnginePart::tmpfs, "--tmpfs", "Tmpfs", "tmpfs", ComposeShape::list},
    PartNames{EnginePart::read_only, "--read-only", "", "read_only", ComposeShape::flag},
    PartNames{EnginePart::init, "--init", "", "init", ComposeShape::flag},
    PartNames{EnginePart::pid_mode, "--pid", "", "pid", ComposeShape::text},
    PartNames{EnginePart::ipc_mode, "--ipc", "", "ipc", ComposeShape::text},
    PartNames{EnginePart::memory, "--memory", "", "mem_limit", ComposeShape::number},
    PartNames{EnginePart::shm_size, "--shm-size", "", "shm_size", ComposeShape::number},
    PartNames{EnginePart::cpu_set, "--cpuset-cpus", "", "cpuset", ComposeShape::text},
    PartNames{EnginePart::runtime, "--runtime", "", "runtime", ComposeShape::text},
    PartNames{EnginePart::tty, "--tty", "", "tty", ComposeShape::flag},
    PartNames{EnginePart::open_stdin, "--interactive", "", "stdin_open", ComposeShape::flag},
    PartNames{EnginePart::stop_signal, "--stop-signal", "", "stop_signal", ComposeShape::text},
    PartNames{EnginePart::stop_timeout, "--stop-timeout", "", "stop_grace_period", ComposeShape::seconds},
    PartNames{EnginePart::mac_address, "--mac-address", "", "mac_address", ComposeShape::text},
    PartNames{EnginePart::ulimit, "--ulimit", "", "ulimits", ComposeShape::limits},
    PartNames{EnginePart::user_namespace, "--userns", "", "userns_mode", ComposeShape::text},
    PartNames{EnginePart::cpus, "--cpus", "", "cpus", ComposeShape::decimal},
    PartNames{EnginePart::cpu_shares, "--cpu-shares", "", "cpu_shares", ComposeShape::number},
    PartNames{EnginePart::cpu_period, "--cpu-period", "", "cpu_period", ComposeShape::number},
    PartNames{EnginePart::cpu_quota, "--cpu-quota", "", "cpu_quota", ComposeShape::number},
    PartNames{EnginePart::memory_reservation, "--memory-reservation", "", "mem_reservation",
              ComposeShape::number},
    PartNames{EnginePart::memory_swap, "--memory-swap", "", "memswap_limit", ComposeShape::number},
    PartNames{EnginePart::memory_swappiness, "--memory-swappiness", "", "mem_swappiness",
              ComposeShape::number},
    PartNames{EnginePart::pids_limit, "--pids-limit", "", "pids_limit", ComposeShape::number},
    PartNames{EnginePart::oom_kill_disable, "--oom-kill-disable", "", "oom_kill_disable", ComposeShape::flag},
    PartNames{EnginePart::oom_score_adjustment, "--oom-score-adj", "", "oom_score_adj", ComposeShape::number},
    PartNames{EnginePart::cgroup_parent, "--cgroup-parent", "", "cgroup_parent", ComposeShape::text},
    PartNames{EnginePart::dns_option, "--dns-option", "", "dns_opt", ComposeShape::list},
    PartNames{EnginePart::device_cgroup_rule, "--device-cgroup-rule", "", "device_cgroup_rules",
              ComposeShape::list},
};

}  // namespace

const PartNames& names_of(EnginePart part) { return *std::ranges::find(kParts, part, &PartNames::part); }

std::string setting_text(const EngineSetting& setting) {
  return setting.name.empty() ? setting.value : setting.name + "=" + setting.value;
}

}  // namespace headgate::tools
