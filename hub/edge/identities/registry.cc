#include "hub/edge/identities/registry.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "core/os/file_rights.h"
#include "core/text.h"
#include "hub/edge/identities/certificate.h"
#include "routing/files/json_text.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::hub {
namespace {

using IdentityJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 10> kKeys = {
    "id",          "enabled", "generation_id", "primary_key",  "secondary_key",
    "thumbprints", "ca_file", "common_name",   "socket_owner", "socket_mode"};
constexpr std::string_view kIdAllowed =
    "the id of a device, or of a module as \"device/module\"; each has 1 to 128 letters, digits and - . % _ * ? ! ( ) , : = @ $ '";
constexpr std::string_view kKeyAllowed = "a key in base64, as the portal of the cloud shows it";
constexpr std::string_view kThumbprintAllowed =
    "one or two digests of a certificate in hex, SHA-1 (40 digits) or SHA-256 (64)";
constexpr size_t kThumbprintsMax = 2;
constexpr std::string_view kOwnerAllowed = "\"user\", \"user:group\" or \":group\", each a name or a number";
constexpr std::string_view kModeAllowed = "the mode of a file in octal, \"0600\" to \"0666\"";

// A regular file's text.
core::Result<std::string> read_whole(const std::string& path) {
  // To open a pipe would be to wait for its writer, and the loop with it.
  std::error_code missing;
  if (std::filesystem::exists(path, missing) && !std::filesystem::is_regular_file(path, missing))
    return core::fail(core::Errc::io, path + ": is not a regular file");
  std::ifstream file(path, std::ios::binary);
  const int error = errno;
  if (file) return std::string(std::istreambuf_iterator<char>(file), {});
  return core::fail(error == ENOENT ? core::Errc::not_found : core::Errc::io,
                    path + ": cannot be read: " + core::why_unreadable(path, error));
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Reads a digest as tools show it, "AB:CD…" or "ab cd…" → "abcd…"; empty: it is none.
std::string thumbprint_of(std::string_view shown) {
  std::string hex = core::ascii_lowered(shown);
  std::erase_if(hex, [](char c) { return c == ':' || c == ' '; });
  return is_hex(hex) && (hex.size() == 40 || hex.size() == 64) ? hex : "";
}

bool is_account(std::string_view text) {
  return text.front() != '-' && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                  c == '_' || c == '.';
         });
}

bool is_owner(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  const std::string_view group = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (colon != std::string_view::npos && group.empty()) return false;
  return !text.empty() && (user.empty() || is_account(user)) && (group.empty() || is_account(group));
}

// Whoever owns the socket has to get in, and nobody executes it.
bool is_socket_mode(std::string_view text) {
  if (text.size() == 4 && text.front() == '0') text.remove_prefix(1);
  return text.size() == 3 && text.front() == '6' &&
         std::ranges::all_of(text, [](char c) { return c == '0' || c == '6'; });
}

// Reads the entries and collects what is wrong with them.
class EntryReader {
 public:
  explicit EntryReader(const std::string& path)
      : path_(path), directory_(std::filesystem::path(path).parent_path()) {}

  [[nodiscard]] const std::string& problems() const { return problems_; }
  void complain(const std::string& place, const std::string& what) {
    problems_.append(problems_.empty() ? "" : "\n")
        .append(path_)
        .append(": ")
        .append(place)
        .append(": ")
        .append(what);
  }
  void found(const std::string& place, const IdentityJson& value, std::string_view allowed) {
    complain(place, "is " + routing::describe(value) + "; allowed: " + std::string(allowed));
  }

  std::optional<RegisteredIdentity> read(const std::string& place, const IdentityJson& entry) {
    if (!entry.is_object()) return found(place, entry, "an object, {…}"), std::nullopt;
    const std::vector<std::string_view> known(kKeys.begin(), kKeys.end());
    for (const auto& [name, ignored] : entry.items()) {
      if (std::ranges::find(known, name) == known.end())
        complain(routing::join_path(place, name), "unknown key" + routing::did_you_mean(name, known));
    }
    const auto id = read_id(place, entry);
    if (!id) return std::nullopt;
    RegisteredIdentity identity{.id = *id};
    if (const IdentityJson* const enabled = routing::member(entry, "enabled")) {
      if (!enabled->is_boolean()) found(place + ".enabled", *enabled, "true or false");
      identity.enabled = *enabled == true;
    }
    identity.generation_id = text(place, entry, "generation_id");
    identity.primary_key = read_key(place, entry, "primary_key");
    identity.secondary_key = read_key(place, entry, "secondary_key");
    read_thumbprints(place, entry, identity);
    read_authority(place, entry, identity);
    read_socket(place, entry, identity);
    check_ways(place, entry, identity);
    return identity;
  }

 private:
  std::optional<EdgeId> read_id(const std::string& place, const IdentityJson& entry) {
    const IdentityJson* const value = routing::member(entry, "id");
    if (value == nullptr)
      return complain(place + ".id", "is missing; allowed: " + std::string(kIdAllowed)), std::nullopt;
    const auto id = value->is_string() ? parse_edge_id(value->get_ref<const std::string&>()) : std::nullopt;
    if (!id) return found(place + ".id", *value, kIdAllowed), std::nullopt;
    return id;
  }

  std::string text(const std::string& place, const IdentityJson& entry, std::string_view key) {
    const IdentityJson* const value = routing::member(entry, key);
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    found(place + "." + std::string(key), *value, "a text");
    return "";
  }

  // The key itself is in no error: it is a secret, even a broken one.
  std::string read_key(const std::string& place, const IdentityJson& entry, std::string_view name) {
    const std::string key = text(place, entry, name);
    if (!key.empty() && !upstream::sas_signature("", "", key))
      complain(place + "." + std::string(name), "is no base64; allowed: " + std::string(kKeyAllowed));
    return key;
  }

  void read_thumbprints(const std::string& place, const IdentityJson& entry, RegisteredIdentity& identity) {
    const IdentityJson* const list = routing::member(entry, "thumbprints");
    if (list == nullptr) return;
    if (!list->is_array() || list->empty() || list->size() > kThumbprintsMax)
      return found(place + ".thumbprints", *list, kThumbprintAllowed);
    for (const IdentityJson& one : *list) {
      std::string hex = one.is_string() ? thumbprint_of(one.get_ref<const std::string&>()) : "";
      if (hex.empty()) return found(place + ".thumbprints", one, kThumbprintAllowed);
      identity.thumbprints.push_back(std::move(hex));
    }
  }

  void read_authority(const std::string& place, const IdentityJson& entry, RegisteredIdentity& identity) {
    identity.common_name = text(place, entry, "common_name");
    identity.ca_file = text(place, entry, "ca_file");
    if (identity.ca_file.empty()) return;
    if (identity.common_name.empty()) identity.common_name = identity.id.device;
    const std::string path = (directory_ / identity.ca_file).string();  // an absolute one stays
    auto pem = authorities_.contains(path) ? core::Result<std::string>(authorities_[path]) : read_whole(path);
    if (!pem) return complain(place + ".ca_file", pem.error().what);
    if (!has_certificates(*pem)) {
      return complain(place + ".ca_file",
                      path + ": holds no certificate in PEM; it must begin with -----BEGIN CERTIFICATE-----");
    }
    identity.ca_pem = authorities_[path] = *std::move(pem);
  }

  void read_socket(const std::string& place, const IdentityJson& entry, RegisteredIdentity& identity) {
    identity.socket_owner = text(place, entry, "socket_owner");
    identity.socket_mode = text(place, entry, "socket_mode");
    if (!identity.socket_owner.empty() && !is_owner(identity.socket_owner))
      found(place + ".socket_owner", entry["socket_owner"], kOwnerAllowed);
    if (!identity.socket_mode.empty() && !is_socket_mode(identity.socket_mode))
      found(place + ".socket_mode", entry["socket_mode"], kModeAllowed);
    const bool any = !identity.socket_owner.empty() || !identity.socket_mode.empty();
    if (any && !identity.id.is_module())
      complain(place,
               "'" + identity.id.id() +
                   "' is a device, and only modules have sockets; leave socket_owner and socket_mode out");
  }

  void check_ways(const std::string& place, const IdentityJson& entry, const RegisteredIdentity& identity) {
    const bool keys = entry.contains("primary_key") || entry.contains("secondary_key");
    const int ways = int{keys} + int{entry.contains("thumbprints")} + int{entry.contains("ca_file")};
    if (ways != 1)
      complain(
          place,
          "'" + identity.id.id() + "' has " + (ways == 0 ? "no way" : "more than one way") +
              " to prove itself; give it primary_key and secondary_key, or thumbprints, or ca_file and common_name");
    if (keys && !identity.has_keys())
      complain(place + ".primary_key", "is empty; allowed: " + std::string(kKeyAllowed));
    if (!identity.common_name.empty() && !entry.contains("ca_file"))
      complain(place + ".common_name",
               "has no meaning without ca_file; name the authority's file, or leave it out");
  }

  const std::string& path_;
  std::filesystem::path directory_;
  std::map<std::string, std::string> authorities_;  // text by path
  std::string problems_;
};

// The list of entries; null, and said, if the text has another form.
const IdentityJson* entries_of(const IdentityJson& json, EntryReader& reader) {
  const IdentityJson* const list = routing::member(json, "identities");
  if (list == nullptr) {
    reader.complain(
        "identities",
        "is missing; the file is {\"identities\": [{\"id\": \"device/module\", \"primary_key\": \"…\"}]}");
    return nullptr;
  }
  for (const auto& [name, ignored] : json.items()) {
    if (name != "identities" && name != "$schema") reader.complain(name, "unknown key; allowed: identities");
  }
  if (!list->is_array()) return reader.found("identities", *list, "a list, […]"), nullptr;
  return list;
}

bool is_empty(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

core::Result<IdentityFile> IdentityFile::load(const std::string& path) {
  const auto text = read_whole(path);
  if (!text)
    return core::fail(text.error().code, text.error().what + "; `headgate identity add` makes such a file");
  return parse(*text, path);
}

core::Result<IdentityFile> IdentityFile::parse(std::string_view text, const std::string& path) {
  IdentityFile file;
  if (is_empty(text)) return file;
  file.blank_ = false;
  const auto json = routing::parse_json_text(text, path);
  if (!json) return core::fail(json.error());
  EntryReader reader(path);
  const IdentityJson* const entries = entries_of(*json, reader);
  for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    const std::string place = "identities[" + std::to_string(i) + "]";
    auto identity = reader.read(place, (*entries)[i]);
    if (!identity) continue;
    const EdgeId id = identity->id;
    if (!file.identities_.emplace(id, *std::move(identity)).second)
      reader.complain(place + ".id", "'" + id.id() + "' is there twice; keep one of them");
  }
  if (!reader.problems().empty()) return core::fail(core::Errc::invalid, reader.problems());
  return file;
}

const RegisteredIdentity* IdentityFile::find(const EdgeId& id) const {
  const auto found = identities_.find(id);
  return found == identities_.end() ? nullptr : &found->second;
}

}  // namespace headgate::hub
