#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "routing/files/json_text.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/config/settings.h"
#include "tools/headgate/commands/deploy/commands.h"
#include "tools/headgate/deploy/gateway.h"
#include "tools/headgate/deploy/manifest.h"
#include "tools/headgate/deploy/units.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

namespace fs = std::filesystem;
using RenderJson = nlohmann::ordered_json;

constexpr mode_t kUnitMode = 0600;  // variables may be secrets

const RenderJson& value_of(const RenderJson& settings, std::string_view key) {
  static const RenderJson kNone;
  const auto found =
      std::ranges::find_if(settings, [&](const RenderJson& it) { return text_of(it, "key") == key; });
  return found == settings.end() ? kNone : member_of(*found, "value");
}

std::string text_in(const RenderJson& settings, std::string_view key) {
  const RenderJson& value = value_of(settings, key);
  return value.is_string() ? value.get<std::string>() : "";
}

// Whoever alone may use the module's socket; empty: everybody who has it.
std::string socket_owner_of(const RenderJson& identity) {
  const std::string owner = text_of(identity, "socket_owner");
  const std::string mode = text_of(identity, "socket_mode");
  if (mode.empty() ? owner.empty() : !mode.ends_with('0')) return "";
  return owner.empty() ? "the hub's user" : owner;
}

// Generation ids of the gateway's modules. An error was told.
bool take_identities(const DeployTool& tool, const std::string& path, GatewayFacts& gateway) {
  const auto text = tool.read(path);
  const auto json =
      text ? routing::parse_json_text(*text, path) : core::Result<RenderJson>(core::fail(text.error()));
  if (!json) {
    tool.err << "headgate: " << printable(json.error().what) << '\n';
    return false;
  }
  for (const RenderJson& identity : member_of(*json, "identities")) {
    const std::string id = text_of(identity, "id");
    const std::string prefix = gateway.device_id + "/";
    if (!id.starts_with(prefix)) continue;
    const std::string module = id.substr(prefix.size());
    gateway.generation_ids[module] = text_of(identity, "generation_id");
    if (const std::string owner = socket_owner_of(identity); !owner.empty())
      gateway.socket_owners[module] = owner;
  }
  return true;
}

bool take_config(const DeployTool& tool, const RenderOptions& options, GatewayFacts& gateway) {
  if (options.config.empty()) return true;
  const auto settings = settings_of({tool.ask, tool.out, tool.err}, options.config);
  if (!settings) return false;
  gateway.device_id = text_in(*settings, "iot_edge.device_id");
  gateway.hub_host_name = text_in(*settings, "iot_edge.hub_host_name");
  gateway.workload_dir = text_in(*settings, "iot_edge.workload_dir");
  const RenderJson& names = value_of(*settings, "iot_edge.gateway_names");
  if (names.is_array() && !names.empty() && names[0].is_string()) gateway.gateway_name = names[0];
  if (!options.gateway.empty()) gateway.gateway_name = options.gateway;
  std::string identities = options.identities;
  if (identities.empty()) identities = text_in(*settings, "iot_edge.identities_file");
  if (identities.empty()) identities = text_in(*settings, "data_dir") + "/identities.json";
  return take_identities(tool, identities, gateway);
}

std::vector<RenderedFile> render(const RenderOptions& options, EdgeDeployment& deployment) {
  if (options.to == "compose") return render_compose(deployment.modules, deployment.notes);
  if (options.to == "quadlet") return render_quadlet(deployment.modules, deployment.notes);
  return render_systemd(deployment.modules, options.engine, deployment.notes);
}

core::Status write_unit(const std::string& path, const std::string& text, bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (force ? O_TRUNC : O_EXCL);
  const int fd = open(path.c_str(), flags, kUnitMode);
  if (fd < 0 && errno == EEXIST)
    return core::fail(core::Errc::invalid, path + ": is there already and is not overwritten; say --force");
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0 && close(fd) == 0 && written) return {};
  return core::fail(core::Errc::io, path + ": cannot be written: " + std::strerror(error));
}

// All or none, as far as files that are there already go.
core::Status write_units(const RenderOptions& options, const std::vector<RenderedFile>& files) {
  std::error_code error;
  fs::create_directories(options.out, error);
  if (error) return core::fail(core::Errc::io, options.out + ": cannot be made: " + error.message());
  for (const RenderedFile& file : files)
    if (!options.force && fs::exists(fs::path(options.out) / file.name, error))
      return core::fail(core::Errc::invalid, (fs::path(options.out) / file.name).string() +
                                                 ": is there already and is not overwritten; say --force");
  for (const RenderedFile& file : files)
    if (core::Status done =
            write_unit((fs::path(options.out) / file.name).string(), file.text, options.force);
        !done)
      return done;
  return {};
}

std::string note_line(const std::string& file, const DeployNote& note) {
  std::string line = file;
  for (const std::string& part : {note.path, note.what})
    if (!part.empty()) line += ": " + part;
  return printable(line);
}

void show_deploy_notes(const std::string& file, const DeployNotes& notes, std::ostream& err) {
  for (const DeployNote& note : notes.errors) err << note_line(file, note) << '\n';
  for (const DeployNote& note : notes.left_out) err << note_line(file, note) << '\n';
  for (const DeployNote& note : notes.to_do) err << note_line(file, note) << '\n';
  if (!notes.errors.empty())
    err << "nothing is written: " << counted(notes.errors.size(), "error") << '\n';
  else if (!notes.left_out.empty())
    err << counted(notes.left_out.size(), "part") << (notes.left_out.size() == 1 ? " has" : " have")
        << " no counterpart\n";
}

RenderJson note_list(const std::vector<DeployNote>& notes) {
  RenderJson list = RenderJson::array();
  for (const DeployNote& note : notes) list.push_back({{"path", note.path}, {"what", note.what}});
  return list;
}

void show_json(const RenderOptions& options, const DeployNotes& notes, const std::vector<RenderedFile>& files,
               std::ostream& out) {
  RenderJson list = RenderJson::array();
  for (const RenderedFile& file : files) {
    list.push_back({{"name", file.name}});
    if (options.out.empty()) list.back()["text"] = file.text;
  }
  out << RenderJson{{"files", std::move(list)},
                    {"errors", note_list(notes.errors)},
                    {"left_out", note_list(notes.left_out)},
                    {"to_do", note_list(notes.to_do)}}
             .dump(-1, ' ', false, RenderJson::error_handler_t::replace)
      << '\n';
}

void show_files(const RenderOptions& options, const std::vector<RenderedFile>& files, std::ostream& out) {
  for (const RenderedFile& file : files) {
    if (!options.out.empty())
      out << printable((fs::path(options.out) / file.name).string()) << '\n';
    else
      out << (files.size() > 1 ? "# " + file.name + "\n" : "") << file.text << (files.size() > 1 ? "\n" : "");
  }
}

}  // namespace

int run_deploy_render(const DeployTool& tool, const RenderOptions& options) {
  const auto text = tool.read(options.manifest);
  const auto root = text ? routing::parse_json_text(*text, options.manifest)
                         : core::Result<RenderJson>(core::fail(text.error()));
  if (!root) {
    tool.err << "headgate: " << printable(root.error().what, core::LineFeeds::kept) << '\n';
    return 1;
  }
  EdgeDeployment deployment = read_deployment(*root);
  GatewayFacts gateway;
  if (!take_config(tool, options, gateway)) return 1;
  std::vector<RenderedFile> files;
  if (deployment.notes.errors.empty()) {
    introduce_gateway(gateway, deployment);
    files = render(options, deployment);
  }
  if (!options.out.empty() && deployment.notes.errors.empty()) {
    if (const core::Status written = write_units(options, files); !written) {
      tool.err << "headgate: " << printable(written.error().what) << '\n';
      return 1;
    }
  }
  if (tool.json) {
    show_json(options, deployment.notes, files, tool.out);
  } else {
    show_deploy_notes(options.manifest, deployment.notes, tool.err);
    show_files(options, files, tool.out);
  }
  if (!deployment.notes.errors.empty()) return 1;
  return deployment.notes.left_out.empty() ? 0 : kExitLeftOut;
}

}  // namespace headgate::tools
