#include "hub/check.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "broker/net/tls.h"
#include "core/os/secret.h"
#include "hub/access/access.h"
#include "hub/authority.h"
#include "hub/config/config.h"
#include "hub/config/route_files.h"
#include "hub/config/show/read_config.h"
#include "hub/remote/public_key.h"
#include "hub/shell/uplink/dictionary_file.h"
#include "routing/files/route_check.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Notes findings of one configuration.
class Findings {
 public:
  Findings(const std::string& path, ConfigCheck& found) : path_(path), found_(found) {}

  void problem(std::string key, std::string what) {
    found_.problems.push_back({path_, std::move(key), std::move(what)});
  }
  void warning(std::string key, std::string what) {
    found_.warnings.push_back({path_, std::move(key), std::move(what)});
  }
  void add(ConfigFinding finding, bool wrong) {
    (wrong ? found_.problems : found_.warnings).push_back(std::move(finding));
  }
  void takes_route() { ++found_.routes; }

 private:
  const std::string& path_;
  ConfigCheck& found_;
};

void check_certificate(const std::string& place, const broker::TlsOptions& tls, int64_t wall_ms,
                       Findings& found) {
  if (tls.cert_file.empty() || tls.key_file.empty()) return;  // told by the keys
  const auto loaded = broker::TlsContext::load(tls, "mqtt");
  if (!loaded) {
    found.problem(place, loaded.error().what);
  } else if (const std::string drawback = loaded->drawback(wall_ms); !drawback.empty()) {
    found.warning(place, drawback);
  }
}

// A certificate that is made at the start, with its authority.
void check_wanted(const OwnAuthority& wanted, const std::string& place, Findings& found) {
  if (wanted.names.empty())
    return found.problem("iot_edge.gateway_names",
                         "is empty, and the certificate that the hub is to make in " + wanted.dir +
                             " needs a name; say how clients reach this machine");
  found.warning(
      place, wanted.dir + " is not there yet; the hub makes it when it starts, with an authority of its own");
}

void check_certificates(const Config& config, int64_t wall_ms, Findings& found) {
  const auto wanted = wanted_authority(config);
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const broker::ListenerOptions& options = config.listeners[i].options;
    if (!broker::is_encrypted(options.transport)) continue;
    if (wanted && is_of_own_authority(config, options)) {
      check_wanted(*wanted, "listeners[" + std::to_string(i) + "].tls", found);
      continue;
    }
    check_certificate("listeners[" + std::to_string(i) + "].tls", options.tls, wall_ms, found);
  }
  check_certificate("admin.http.tls", http_tls_options(config.admin.http), wall_ms, found);
}

void check_readable(const std::string& key, const std::string& file, Findings& found) {
  if (file.empty() || std::ifstream(file)) return;
  found.problem(key, file + ": cannot be read: " + std::strerror(errno));
}

// Whoever checks need not have the variables that the hub is started with.
void check_secret(const std::string& key, const core::SecretSource& secret, Findings& found) {
  const auto read = core::read_secret(secret);
  if (read) return;
  secret.env.empty() ? found.problem(key, read.error().what)
                     : found.warning(key, "here, " + read.error().what);
}

void check_link_files(const std::string& place, const upstream::LinkOptions& link, Findings& found) {
  check_secret(place + ".password", link.password, found);
  check_secret(place + ".sas_key", link.sas_key, found);
  check_readable(place + ".password_file", link.password_file, found);
  check_readable(place + ".sas_key_file", link.sas_key_file, found);
  check_readable(place + ".tls.ca_file", link.tls.ca_file, found);
  check_readable(place + ".tls.cert_file", link.tls.cert_file, found);
  check_readable(place + ".tls.key_file", link.tls.key_file, found);
}

void check_remote_key(const upstream::RemoteOptions& remote, Findings& found) {
  if (!remote.enabled()) return;
  const auto key = PublicKey::read(remote.key_file);
  if (!key) found.problem("upstream.remote_config.key_file", key.error().what);
}

void check_files(const Config& config, int64_t wall_ms, Findings& found) {
  if (const auto users = check_password_files(access_settings(config)); !users)
    found.problem("auth.password_file", users.error().what);
  if (const auto identities = check_identities(access_settings(config)); !identities)
    found.problem("iot_edge.identities_file", identities.error().what);
  check_certificates(config, wall_ms, found);
  check_link_files("upstream", config.upstream.link, found);
  for (const upstream::NamedLink& link : config.links)
    check_link_files("links." + link.name, link.connection, found);
  check_readable("upstream.chain_key_file", config.upstream.chain.key_file, found);
  if (const auto read = read_dictionary_file(config.upstream.batch.dictionary_file); !read)
    found.problem("upstream.batch.dictionary_file", read.error().what);
  check_remote_key(config.upstream.remote, found);
}

void check_routes(const Config& config, const std::string& path, Findings& found) {
  RouteFolder folder;
  const auto report = routing::check_routes(collect_routes(config, path, folder, {}, {}));
  for (const routing::RouteFileError& error : report.errors) found.add({error.file, "", error.what}, true);
  for (const routing::ManifestNote& note : report.without_effect)
    found.add({note.file, "", routing::to_text(note)}, false);
  for (const routing::RouteCheck& route : report.routes) {
    if (route.ok()) found.takes_route();
    for (const routing::Diagnostic& diagnostic : route.diagnostics)
      found.add({route.entry.file, "route '" + route.entry.name + "'",
                 routing::render(diagnostic, route.entry.text)},
                diagnostic.severity == routing::Severity::error);
  }
}

Json to_list(const std::vector<ConfigFinding>& findings) {
  Json list = Json::array();
  for (const ConfigFinding& it : findings)
    list.push_back({{"file", it.file}, {"key", it.key}, {"what", it.what}});
  return list;
}

}  // namespace

std::string to_text(const ConfigFinding& finding) {
  if (finding.key.empty() && finding.what.starts_with(finding.file)) return finding.what;
  return finding.file + ": " + (finding.key.empty() ? "" : finding.key + ": ") + finding.what;
}

std::string to_json(const ConfigCheck& check, const std::string& path) {
  return Json{{"file", path},
              {"ok", check.problems.empty()},
              {"routes", check.routes},
              {"problems", to_list(check.problems)},
              {"warnings", to_list(check.warnings)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

ConfigCheck check_config(const std::string& path, int64_t wall_ms) {
  ConfigCheck check;
  Findings found(path, check);
  const auto parts = read_parts(path);
  const auto read = parts ? read_config(*parts) : core::fail(parts.error());
  if (!read) {
    found.problem("", read.error().what);
    return check;
  }
  for (const Problem& problem : read->problems.all())
    found.add({problem.file.empty() ? path : problem.file, problem.path, problem.what}, true);
  check_files(read->config, wall_ms, found);
  check_routes(read->config, path, found);
  return check;
}

}  // namespace headgate::hub
