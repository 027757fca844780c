#include "hub/authority.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "hub/edge/ca/directory.h"
#include "hub/shell/privileges.h"

namespace headgate::hub {
namespace {

std::string authority_dir(const Config& config) { return config.data_dir + "/ca"; }

bool is_the_file(const std::string& path, const Config& config, std::string_view name) {
  const auto normal = [](const std::filesystem::path& it) {
    return std::filesystem::absolute(it).lexically_normal();
  };
  return !path.empty() && normal(path) == normal(std::filesystem::path(authority_dir(config)) / name);
}

// Whoever is to own it may not be who makes it, so a directory that is missing is made for the hub's own user only.
core::Status make_data_dir(const Config& config) {
  std::error_code error;
  if (std::filesystem::is_directory(config.data_dir, error)) return {};
  if (runs_as_root() && !config.user.empty())
    return core::fail(core::Errc::io, config.data_dir + ": is not there; make it for the user " +
                                          config.user + ", such as by install -d -o " + config.user + " " +
                                          config.data_dir);
  std::filesystem::create_directories(config.data_dir, error);
  if (!error) return {};
  return core::fail(core::Errc::io, config.data_dir + ": cannot be made: " + error.message());
}

std::string names_in_line(const std::vector<std::string>& names) {
  std::string line;
  for (const std::string& name : names) line.append(line.empty() ? "" : " ").append(name);
  return line;
}

}  // namespace

bool is_of_own_authority(const Config& config, const broker::ListenerOptions& listener) {
  return listener.policy.dialect == broker::Dialect::iot_edge && broker::is_encrypted(listener.transport) &&
         is_the_file(listener.tls.cert_file, config, kServerFile) &&
         is_the_file(listener.tls.key_file, config, kServerKeyFile);
}

std::optional<OwnAuthority> wanted_authority(const Config& config) {
  const bool wanted = std::ranges::any_of(config.listeners, [&config](const ListenerConfig& listener) {
    return is_of_own_authority(config, listener.options);
  });
  if (!wanted || !is_without_authority(authority_dir(config))) return std::nullopt;
  return OwnAuthority{authority_dir(config), config.iot_edge.gateway_names};
}

core::Result<std::optional<OwnAuthority>> make_wanted_authority(const Config& config, int64_t wall_ms) {
  auto wanted = wanted_authority(config);
  if (!wanted) return wanted;
  core::Status made = make_data_dir(config);
  if (made) made = init_authority(wanted->dir, wanted->names, wall_ms / 1000);
  if (!made)
    return core::fail(made.error().code, "the authority for iot_edge.gateway_names in " + wanted->dir +
                                             " cannot be made: " + made.error().what);
  return wanted;
}

void tell_of_authority(const std::optional<OwnAuthority>& made, core::Log& log) {
  if (!made) return;
  log.warn("authority_made", {{"authority", made->dir + "/" + std::string(kAuthorityFile)},
                              {"server", made->dir + "/" + std::string(kServerFile)},
                              {"names", names_in_line(made->names)},
                              {"next", "have devices trust the authority: headgate ca export"}});
}

}  // namespace headgate::hub
