#include "tools/headgate/deploy/create_options.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "routing/files/json_text.h"

namespace headgate::tools {
namespace {

using OptionsJson = nlohmann::ordered_json;
using routing::describe;
using routing::join_path;
using routing::member;

// How a member of the options says what it says.
enum class Form : uint8_t {
  text,
  flag,
  number,
  integer,    // -1 is one
  texts,      // ["a", "b"]
  pairs,      // {"name": "value"}
  keys,       // {"name": {}}
  variables,  // ["NAME=VALUE"]
};

struct KnownOption {
  std::string_view key;
  Form form;
  EnginePart part;
};

constexpr std::array kOfContainer = {
    KnownOption{"Env", Form::variables, EnginePart::env},
    KnownOption{"Labels", Form::pairs, EnginePart::label},
    KnownOption{"ExposedPorts", Form::keys, EnginePart::exposed_port},
    KnownOption{"WorkingDir", Form::text, EnginePart::working_dir},
    KnownOption{"User", Form::text, EnginePart::user},
    KnownOption{"Hostname", Form::text, EnginePart::host_name},
    KnownOption{"Domainname", Form::text, EnginePart::domain_name},
    KnownOption{"Tty", Form::flag, EnginePart::tty},
    KnownOption{"OpenStdin", Form::flag, EnginePart::open_stdin},
    KnownOption{"StopSignal", Form::text, EnginePart::stop_signal},
    KnownOption{"StopTimeout", Form::number, EnginePart::stop_timeout},
    KnownOption{"MacAddress", Form::text, EnginePart::mac_address},
};

constexpr std::array kOfHost = {
    KnownOption{"Binds", Form::texts, EnginePart::volume},
    KnownOption{"NetworkMode", Form::text, EnginePart::network},
    KnownOption{"Privileged", Form::flag, EnginePart::privileged},
    KnownOption{"CapAdd", Form::texts, EnginePart::capability},
    KnownOption{"CapDrop", Form::texts, EnginePart::dropped_capability},
    KnownOption{"ExtraHosts", Form::texts, EnginePart::extra_host},
    KnownOption{"GroupAdd", Form::texts, EnginePart::group},
    KnownOption{"Dns", Form::texts, EnginePart::dns},
    KnownOption{"DnsSearch", Form::texts, EnginePart::dns_search},
    KnownOption{"SecurityOpt", Form::texts, EnginePart::security_option},
    KnownOption{"Sysctls", Form::pairs, EnginePart::sysctl},
    KnownOption{"ReadonlyRootfs", Form::flag, EnginePart::read_only},
    KnownOption{"Init", Form::flag, EnginePart::init},
    KnownOption{"PidMode", Form::text, EnginePart::pid_mode},
    KnownOption{"IpcMode", Form::text, EnginePart::ipc_mode},
    KnownOption{"Memory", Form::number, EnginePart::memory},
    KnownOption{"ShmSize", Form::number, EnginePart::shm_size},
    KnownOption{"CpusetCpus", Form::text, EnginePart::cpu_set},
    KnownOption{"Runtime", Form::text, EnginePart::runtime},
    KnownOption{"UsernsMode", Form::text, EnginePart::user_namespace},
    KnownOption{"CpuShares", Form::number, EnginePart::cpu_shares},
    KnownOption{"CpuPeriod", Form::number, EnginePart::cpu_period},
    KnownOption{"CpuQuota", Form::integer, EnginePart::cpu_quota},
    KnownOption{"MemoryReservation", Form::number, EnginePart::memory_reservation},
    KnownOption{"MemorySwap", Form::integer, EnginePart::memory_swap},
    KnownOption{"MemorySwappiness", Form::number, EnginePart::memory_swappiness},
    KnownOption{"PidsLimit", Form::integer, EnginePart::pids_limit},
    KnownOption{"OomKillDisable", Form::flag, EnginePart::oom_kill_disable},
    KnownOption{"OomScoreAdj", Form::integer, EnginePart::oom_score_adjustment},
    KnownOption{"CgroupParent", Form::text, EnginePart::cgroup_parent},
    KnownOption{"DnsOptions", Form::texts, EnginePart::dns_option},
    KnownOption{"DeviceCgroupRules", Form::texts, EnginePart::device_cgroup_rule},
};

bool asks_for_nothing(const OptionsJson& value) {
  return value.is_null() || value == false || value == "" || value == 0 ||
         (value.is_structured() && value.empty());
}

class OptionsReader {
 public:
  OptionsReader(EdgeModule& module, DeployNotes& notes) : module_(module), notes_(notes) {}

  void take(const OptionsJson& options, const std::string& path) {
    for (const auto& [key, value] : options.items()) {
      const std::string place = join_path(path, key);
      if (key == "Cmd")
        take_command(place, value, module_.command);
      else if (key == "Entrypoint")
        take_command(place, value, module_.entrypoint);
      else if (key == "HostConfig")
        take_host(place, value);
      else if (key == "Healthcheck")
        take_health(place, value);
      else if (key == "NetworkingConfig")
        take_networks(place, value);
      else
        take_known(kOfContainer, key, place, value);
    }
  }

 private:
  void wrong(const std::string& path, const OptionsJson& value, std::string_view allowed) {
    // The value is left out: it may be a secret at a wrong place.
    notes_.errors.push_back(
        {path, "is " + std::string(value.type_name()) + "; has to be " + std::string(allowed)});
  }
  void left_out(const std::string& path) { notes_.left_out.push_back({path, "has no counterpart"}); }
  void set(EnginePart part, std::string value, std::string name = {}) {
    module_.settings.push_back({part, std::move(name), std::move(value)});
  }
  // A text that no engine can be given ends there.
  bool is_text(const std::string& path, const OptionsJson& value) {
    if (!value.is_string()) {
      wrong(path, value, "a text");
      return false;
    }
    if (value.get_ref<const std::string&>().find('\0') == std::string::npos) return true;
    notes_.errors.push_back({path, "has a NUL character"});
    return false;
  }

  void take_host(const std::string& path, const OptionsJson& host) {
    if (host.is_null()) return;
    if (!host.is_object()) return wrong(path, host, "an object");
    for (const auto& [key, value] : host.items()) {
      const std::string place = join_path(path, key);
      if (key == "PortBindings")
        take_ports(place, value);
      else if (key == "Mounts")
        take_list(place, value, &OptionsReader::take_mount);
      else if (key == "Devices")
        take_list(place, value, &OptionsReader::take_device);
      else if (key == "Ulimits")
        take_list(place, value, &OptionsReader::take_limit);
      else if (key == "NanoCpus")
        take_cpus(place, value);
      else if (key == "LogConfig")
        take_log(place, value);
      else if (key == "Tmpfs")
        take_tmpfs(place, value);
      else
        take_known(kOfHost, key, place, value);
    }
  }

  void take_known(std::span<const KnownOption> known, const std::string& key, const std::string& path,
                  const OptionsJson& value) {
    if (asks_for_nothing(value)) return;
    const auto found = std::ranges::find(known, key, &KnownOption::key);
    if (found == known.end()) return left_out(path);
    switch (found->form) {
      case Form::text:
        if (is_text(path, value)) set(found->part, value.get<std::string>());
        break;
      case Form::flag:
        value.is_boolean() ? set(found->part, "true") : wrong(path, value, "true or false");
        break;
      case Form::number:
        value.is_number_unsigned() ? set(found->part, value.dump()) : wrong(path, value, "a number");
        break;
      case Form::integer:
        value.is_number_integer() ? set(found->part, value.dump()) : wrong(path, value, "a whole number");
        break;
      case Form::texts:
      case Form::variables:
        take_texts(*found, path, value);
        break;
      case Form::pairs:
      case Form::keys:
        take_pairs(*found, path, value);
        break;
    }
  }

  void take_texts(const KnownOption& option, const std::string& path, const OptionsJson& value) {
    if (!value.is_array()) return wrong(path, value, "a list of texts");
    for (size_t i = 0; i < value.size(); ++i) {
      if (!is_text(path + "[" + std::to_string(i) + "]", value[i])) continue;
      const auto& text = value[i].get_ref<const std::string&>();
      const size_t equals = text.find('=');
      if (option.form == Form::texts)
        set(option.part, text);
      else if (equals == std::string::npos || equals == 0)
        left_out(path + "[" + std::to_string(i) + "]");  // without a value it is taken from the engine's own
      else
        set(option.part, text.substr(equals + 1), text.substr(0, equals));
    }
  }

  void take_pairs(const KnownOption& option, const std::string& path, const OptionsJson& value) {
    if (!value.is_object()) return wrong(path, value, "an object");
    for (const auto& [name, inner] : value.items()) {
      if (name.empty() || name.find('\0') != std::string::npos)
        wrong(path, value, "an object whose members have names");
      else if (option.form == Form::keys)
        set(option.part, name);
      else if (is_text(join_path(path, name), inner))
        set(option.part, inner.get<std::string>(), name);
    }
  }

  void take_command(const std::string& path, const OptionsJson& value, std::vector<std::string>& words) {
    if (value.is_null()) return;
    if (value.is_string() && is_text(path, value)) return words.push_back(value.get<std::string>());
    if (!value.is_array()) return wrong(path, value, "a list of texts");
    for (size_t i = 0; i < value.size(); ++i)
      if (is_text(path + "[" + std::to_string(i) + "]", value[i]))
        words.push_back(value[i].get<std::string>());
  }

  using Taker = void (OptionsReader::*)(const std::string& path, const OptionsJson& item);
  void take_list(const std::string& path, const OptionsJson& list, Taker taker) {
    if (list.is_null()) return;
    if (!list.is_array()) return wrong(path, list, "a list of objects");
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string place = path + "[" + std::to_string(i) + "]";
      list[i].is_object() ? (this->*taker)(place, list[i]) : wrong(place, list[i], "an object");
    }
  }

  // The text of a member; empty if it is not there or wrong, which is told.
  std::string text_in(const std::string& path, const OptionsJson& object, std::string_view key,
                      bool required) {
    const OptionsJson* const value = member(object, key);
    if (value != nullptr && !value->is_null())
      return is_text(join_path(path, key), *value) ? value->get<std::string>() : "";
    if (required) notes_.errors.push_back({join_path(path, key), "is missing"});
    return "";
  }
  // Members besides those that are read.
  void rest_of(const std::string& path, const OptionsJson& object,
               std::initializer_list<std::string_view> read) {
    for (const auto& [key, value] : object.items())
      if (std::ranges::find(read, key) == read.end() && !asks_for_nothing(value))
        left_out(join_path(path, key));
  }

  void take_ports(const std::string& path, const OptionsJson& ports) {
    if (ports.is_null()) return;
    if (!ports.is_object()) return wrong(path, ports, "an object");
    for (const auto& [port, bindings] : ports.items()) {
      const std::string place = join_path(path, port);
      if (port.empty() || port.find_first_not_of("0123456789-/udptcs") != std::string::npos) {
        notes_.errors.push_back({place, "is no port such as 8080/tcp"});
      } else if (bindings.is_null() || (bindings.is_array() && bindings.empty())) {
        set(EnginePart::port, port);
      } else if (!bindings.is_array()) {
        wrong(place, bindings, "a list of objects");
      } else {
        for (size_t i = 0; i < bindings.size(); ++i)
          take_binding(place + "[" + std::to_string(i) + "]", port, bindings[i]);
      }
    }
  }

  void take_binding(const std::string& path, const std::string& port, const OptionsJson& binding) {
    if (!binding.is_object()) return wrong(path, binding, "an object");
    const OptionsJson* const number = member(binding, "HostPort");
    const std::string host_port = number != nullptr && number->is_number_unsigned()
                                      ? number->dump()
                                      : text_in(path, binding, "HostPort", false);
    if (host_port.find_first_not_of("0123456789-") != std::string::npos)
      notes_.errors.push_back({join_path(path, "HostPort"), "is no port"});
    std::string ip = text_in(path, binding, "HostIp", false);
    if (ip.find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos)
      notes_.errors.push_back({join_path(path, "HostIp"), "is no address"});
    if (ip.find(':') != std::string::npos) ip = "[" + ip + "]";
    set(EnginePart::port,
        ip.empty() && host_port.empty() ? port : (ip.empty() ? "" : ip + ":") + host_port + ":" + port);
    rest_of(path, binding, {"HostPort", "HostIp"});
  }

  void take_mount(const std::string& path, const OptionsJson& item) {
    ModuleMount mount{.type = text_in(path, item, "Type", true),
                      .source = text_in(path, item, "Source", false)};
    mount.target = text_in(path, item, "Target", true);
    if (mount.type != "bind" && mount.type != "volume" && mount.type != "tmpfs") return left_out(path);
    if (mount.type == "bind" && mount.source.empty())
      notes_.errors.push_back({join_path(path, "Source"), "is missing"});
    const OptionsJson* const read_only = member(item, "ReadOnly");
    if (read_only != nullptr && !read_only->is_boolean())
      wrong(join_path(path, "ReadOnly"), *read_only, "true or false");
    mount.read_only = read_only != nullptr && *read_only == true;
    const OptionsJson* const bind = member(item, "BindOptions");
    if (bind != nullptr && bind->is_object()) {
      mount.propagation = text_in(join_path(path, "BindOptions"), *bind, "Propagation", false);
      rest_of(join_path(path, "BindOptions"), *bind, {"Propagation"});
    }
    const OptionsJson* const tmpfs = member(item, "TmpfsOptions");
    if (tmpfs != nullptr && tmpfs->is_object()) {
      const OptionsJson* const size = member(*tmpfs, "SizeBytes");
      if (size != nullptr && size->is_number_unsigned()) mount.tmpfs_bytes = size->get<uint64_t>();
      rest_of(join_path(path, "TmpfsOptions"), *tmpfs, {"SizeBytes"});
    }
    rest_of(path, item, {"Type", "Source", "Target", "ReadOnly", "BindOptions", "TmpfsOptions"});
    module_.mounts.push_back(std::move(mount));
  }

  void take_device(const std::string& path, const OptionsJson& device) {
    const std::string host = text_in(path, device, "PathOnHost", true);
    const std::string inside = text_in(path, device, "PathInContainer", false);
    const std::string rights = text_in(path, device, "CgroupPermissions", false);
    set(EnginePart::device,
        host + ":" + (inside.empty() ? host : inside) + (rights.empty() ? "" : ":" + rights));
    rest_of(path, device, {"PathOnHost", "PathInContainer", "CgroupPermissions"});
  }

  // A whole number of a member; nullopt if it is not there or wrong, which is told.
  std::optional<int64_t> number_in(const std::string& path, const OptionsJson& object, std::string_view key) {
    const OptionsJson* const value = member(object, key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_number_integer()) return value->get<int64_t>();
    wrong(join_path(path, key), *value, "a whole number");
    return std::nullopt;
  }

  void take_limit(const std::string& path, const OptionsJson& limit) {
    const std::string name = text_in(path, limit, "Name", true);
    const auto soft = number_in(path, limit, "Soft");
    const auto hard = number_in(path, limit, "Hard");
    rest_of(path, limit, {"Name", "Soft", "Hard"});
    if (!soft && !hard) return left_out(path);
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos)
      return notes_.errors.push_back({join_path(path, "Name"), "is no limit such as nofile"});
    set(EnginePart::ulimit, std::to_string(soft.value_or(*hard)) + ":" + std::to_string(hard.value_or(*soft)),
        name);
  }

  // Processors in parts of a thousand million, as the engine's own interface has them.
  void take_cpus(const std::string& path, const OptionsJson& value) {
    constexpr uint64_t kNanos = 1'000'000'000;
    if (asks_for_nothing(value)) return;
    if (!value.is_number_unsigned()) return wrong(path, value, "a number");
    const auto nanos = value.get<uint64_t>();
    std::string fraction = std::to_string(kNanos + nanos % kNanos).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    set(EnginePart::cpus, std::to_string(nanos / kNanos) + (fraction.empty() ? "" : "." + fraction));
  }

  uint64_t time_in(const std::string& path, const OptionsJson& object, std::string_view key) {
    const auto number = number_in(path, object, key);
    if (number.value_or(0) >= 0) return static_cast<uint64_t>(number.value_or(0));
    notes_.errors.push_back({join_path(path, key), "is negative"});
    return 0;
  }

  void take_health(const std::string& path, const OptionsJson& health) {
    if (health.is_null()) return;
    if (!health.is_object()) return wrong(path, health, "an object");
    ModuleHealth& into = module_.health;
    if (const OptionsJson* const test = member(health, "Test"))
      take_command(join_path(path, "Test"), *test, into.test);
    const bool known = into.test.empty() || into.test[0] == "NONE" ||
                       ((into.test[0] == "CMD" || into.test[0] == "CMD-SHELL") && into.test.size() > 1);
    if (!known)
      notes_.errors.push_back(
          {join_path(path, "Test"), R"(is no test; it is ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"])"});
    into.interval_ns = time_in(path, health, "Interval");
    into.timeout_ns = time_in(path, health, "Timeout");
    into.start_period_ns = time_in(path, health, "StartPeriod");
    into.retries = time_in(path, health, "Retries");
    rest_of(path, health, {"Test", "Interval", "Timeout", "StartPeriod", "Retries"});
  }

  void take_log(const std::string& path, const OptionsJson& log) {
    if (log.is_null()) return;
    if (!log.is_object()) return wrong(path, log, "an object");
    if (const std::string type = text_in(path, log, "Type", false); !type.empty())
      set(EnginePart::log_driver, type);
    if (const OptionsJson* options = member(log, "Config"); options != nullptr && !options->is_null())
      take_pairs({"Config", Form::pairs, EnginePart::log_option}, join_path(path, "Config"), *options);
    rest_of(path, log, {"Type", "Config"});
  }

  void take_tmpfs(const std::string& path, const OptionsJson& tmpfs) {
    if (tmpfs.is_null()) return;
    if (!tmpfs.is_object()) return wrong(path, tmpfs, "an object");
    for (const auto& [target, options] : tmpfs.items())
      if (is_text(join_path(path, target), options))
        set(EnginePart::tmpfs, options == "" ? target : target + ":" + options.get<std::string>());
  }

  void take_networks(const std::string& path, const OptionsJson& networking) {
    if (networking.is_null()) return;
    if (!networking.is_object()) return wrong(path, networking, "an object");
    const std::string place = join_path(path, "EndpointsConfig");
    if (const OptionsJson* endpoints = member(networking, "EndpointsConfig")) {
      if (!endpoints->is_object()) return wrong(place, *endpoints, "an object");
      for (const auto& [name, endpoint] : endpoints->items())
        take_network(join_path(place, name), name, endpoint);
    }
    rest_of(path, networking, {"EndpointsConfig"});
  }

  void take_network(const std::string& path, const std::string& name, const OptionsJson& endpoint) {
    if (name.empty() ||
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") !=
            std::string::npos) {
      notes_.errors.push_back({path, "no network can be called so"});
      return;
    }
    ModuleNetwork network{name};
    if (endpoint.is_object()) {
      if (const OptionsJson* aliases = member(endpoint, "Aliases"))
        take_command(join_path(path, "Aliases"), *aliases, network.aliases);
      rest_of(path, endpoint, {"Aliases"});
    }
    module_.networks.push_back(std::move(network));
  }

  EdgeModule& module_;
  DeployNotes& notes_;
};

}  // namespace

void take_create_options(const OptionsJson& options, const std::string& path, EdgeModule& module,
                         DeployNotes& notes) {
  OptionsReader(module, notes).take(options, path);
}

}  // namespace headgate::tools
