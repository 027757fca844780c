#include "hub/check.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "broker/net/tls.h"
#include "hub/access/access.h"
#include "hub/config/config.h"
#include "hub/config/route_files.h"
#include "hub/remote/public_key.h"
#include "hub/shell/uplink/dictionary_file.h"
#include "routing/files/route_check.h"

namespace headgate::hub {
namespace {

void check_certificates(const Config& config, int64_t wall_ms, ConfigCheck& found) {
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const broker::ListenerOptions& options = config.listeners[i].options;
    if (!broker::is_encrypted(options.transport)) continue;
    const std::string place = "listeners[" + std::to_string(i) + "]: ";
    const auto loaded = broker::TlsContext::load(options.tls, "mqtt");
    if (!loaded) {
      found.problems.push_back(place + loaded.error().what);
    } else if (const std::string drawback = loaded->drawback(wall_ms); !drawback.empty()) {
      found.warnings.push_back(place + drawback);
    }
  }
}

void check_readable(const std::string& key, const std::string& file, ConfigCheck& found) {
  if (file.empty() || std::ifstream(file)) return;
  found.problems.push_back(key + " " + file + ": cannot be read: " + std::strerror(errno));
}

void check_link_files(const std::string& place, const upstream::LinkOptions& link, ConfigCheck& found) {
  check_readable(place + ".password_file", link.password_file, found);
  check_readable(place + ".sas_key_file", link.sas_key_file, found);
  check_readable(place + ".tls.ca_file", link.tls.ca_file, found);
  check_readable(place + ".tls.cert_file", link.tls.cert_file, found);
  check_readable(place + ".tls.key_file", link.tls.key_file, found);
}

void check_remote_key(const upstream::RemoteOptions& remote, ConfigCheck& found) {
  if (!remote.enabled()) return;
  const auto key = PublicKey::read(remote.key_file);
  if (!key) found.problems.push_back("upstream.remote_config.key_file " + key.error().what);
}

void check_routes(const Config& config, const std::string& path, ConfigCheck& found) {
  RouteFolder folder;
  const auto report = routing::check_routes(collect_routes(config, path, folder, {}, {}));
  for (const routing::RouteFileError& error : report.errors) found.problems.push_back(error.what);
  for (const routing::ManifestNote& note : report.without_effect)
    found.warnings.push_back(routing::to_text(note));
  for (const routing::RouteCheck& route : report.routes) {
    if (route.ok()) ++found.routes;
    for (const routing::Diagnostic& diagnostic : route.diagnostics) {
      const bool wrong = diagnostic.severity == routing::Severity::error;
      const std::string place = route.entry.file + ": route '" + route.entry.name + "': ";
      (wrong ? found.problems : found.warnings)
          .push_back(place + routing::render(diagnostic, route.entry.text));
    }
  }
}

}  // namespace

ConfigCheck check_config(const std::string& path, int64_t wall_ms) {
  ConfigCheck found;
  const auto config = load_config(path);
  if (!config) {
    found.problems.push_back(config.error().what);
    return found;
  }
  if (const auto users = check_password_files(access_settings(*config)); !users)
    found.problems.push_back(users.error().what);
  check_certificates(*config, wall_ms, found);
  check_link_files("upstream", config->upstream.link, found);
  for (const upstream::NamedLink& link : config->links)
    check_link_files("links." + link.name, link.connection, found);
  check_readable("upstream.chain_key_file", config->upstream.chain.key_file, found);
  if (const auto read = read_dictionary_file(config->upstream.batch.dictionary_file); !read)
    found.problems.push_back(read.error().what);
  check_remote_key(config->upstream.remote, found);
  check_routes(*config, path, found);
  return found;
}

}  // namespace headgate::hub
