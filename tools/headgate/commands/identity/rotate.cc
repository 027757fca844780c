#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/identity/book.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// File and entry with which every verb on one identity begins.
struct Found {
  EdgeNames names;
  Json book;
  Json* entry = nullptr;
};

// False, and said, if there is none.
bool find_to_edit(const IdentityTool& tool, const IdentityPlace& place, const std::string& id, bool hosts,
                  Found& found) {
  auto names = edge_names(tool, place, hosts);
  if (!names) return false;
  found.names = *std::move(names);
  auto book = read_book(found.names.file);
  if (!book) return tell(tool, book.error()), false;
  found.book = *std::move(book);
  found.entry = find_identity(found.book, id);
  if (found.entry != nullptr) return true;
  tell(tool, {core::Errc::not_found, found.names.file + " has no identity '" + id +
                                         "'; `headgate identity ls` shows those that it has"});
  return false;
}

core::Status rotate(Json& entry, const IdentityRotateOptions& options) {
  if (text_of(entry, "primary_key").empty() && text_of(entry, "secondary_key").empty())
    return core::fail(core::Errc::invalid,
                      "identity '" + options.id +
                          "' has no keys but a certificate; remove it, and add it with the new one");
  auto primary =
      options.primary_key_file.empty() ? new_shared_key() : read_shared_key(options.primary_key_file);
  if (!primary) return core::fail(primary.error());
  auto secondary = options.both ? new_shared_key() : core::Result<std::string>(text_of(entry, "primary_key"));
  if (!secondary) return core::fail(secondary.error());
  entry["primary_key"] = *std::move(primary);
  if (!secondary->empty()) entry["secondary_key"] = *std::move(secondary);
  return {};
}

// The parts in the order of Azure's own.
core::Result<std::string> connection_string(const Found& found, const ConnectionStringOptions& options) {
  const std::string& host = options.hub_host_name.empty() ? found.names.hub_host_name : options.hub_host_name;
  const std::string& gateway = options.gateway.empty() ? found.names.gateway : options.gateway;
  if (host.empty() && gateway.empty())
    return core::fail(
        core::Errc::invalid,
        "neither iot_edge.hub_host_name nor iot_edge.gateway_names is known; name the configuration with --config, or say "
        "--hub-host-name and --gateway");
  const size_t slash = options.id.find('/');
  std::string text = "HostName=" + (host.empty() ? gateway : host);
  const bool has_certificate =
      text_of(*found.entry, "primary_key").empty() && text_of(*found.entry, "secondary_key").empty();
  if (has_certificate)
    text = "HostName=" + (gateway.empty() ? host : gateway);  // SDKs look at no gateway there
  if (!has_certificate && !gateway.empty() && !host.empty()) text += ";GatewayHostName=" + gateway;
  text += ";DeviceId=" + options.id.substr(0, slash);
  if (slash != std::string::npos) text += ";ModuleId=" + options.id.substr(slash + 1);
  if (has_certificate) return text + ";x509=true";
  const std::string key = text_of(*found.entry, options.secondary ? "secondary_key" : "primary_key");
  const std::string other = text_of(*found.entry, options.secondary ? "primary_key" : "secondary_key");
  if (key.empty() && options.secondary)
    return core::fail(core::Errc::not_found, "identity '" + options.id + "' has no secondary key");
  return text + ";SharedAccessKey=" + (key.empty() ? other : key);
}

}  // namespace

int run_identity_rotate(const IdentityTool& tool, const IdentityRotateOptions& options) {
  Found found;
  if (!find_to_edit(tool, options.place, options.id, false, found)) return kExitFailed;
  if (const auto done = rotate(*found.entry, options); !done) return tell(tool, done.error());
  if (const auto done = write_book(found.names.file, found.book); !done) return tell(tool, done.error());
  tool.out
      << "identity '" << printable(options.id) << "' has a new primary key"
      << (options.both ? " and a new secondary key" : "; what was the primary is the secondary now")
      << "; a running hub takes it over on SIGHUP or `headgate reload`, and ends the connection of who has a key that is gone\n";
  return kExitOk;
}

int run_identity_connection_string(const IdentityTool& tool, const ConnectionStringOptions& options) {
  Found found;
  const bool asks = options.hub_host_name.empty() || options.gateway.empty();
  if (!find_to_edit(tool, options.place, options.id, asks, found)) return kExitFailed;
  const auto text = connection_string(found, options);
  if (!text) return tell(tool, text.error());
  if (tool.json) {
    tool.out << Json{{"id", options.id}, {"connection_string", *text}}.dump() << '\n';
  } else {
    tool.out << *text << '\n';
  }
  return kExitOk;
}

}  // namespace headgate::tools
