#include "tools/headgate/commands/identity/book.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base64.h"
#include "routing/files/json_text.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/config/settings.h"
#include "tools/headgate/format.h"
#include "tools/headgate/private_file.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kIdCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.%_*?!(),:=@$'";
constexpr size_t kIdCharactersMax = 128;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kIdCharactersMax &&
         name.find_first_not_of(kIdCharacters) == std::string_view::npos;
}

const Json* edge_setting(const Json& settings, std::string_view key) {
  for (const Json& one : settings)
    if (text_of(one, "key") == key) return &member_of(one, "value");
  return nullptr;
}

std::string text_setting(const Json& settings, std::string_view key) {
  const Json* const value = edge_setting(settings, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  std::string bytes(text.size() / 4 * 3, '\0');
  return EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                         reinterpret_cast<const unsigned char*>(text.data()),
                         static_cast<int>(text.size())) >= 0;
}

}  // namespace

std::optional<EdgeNames> edge_names(const IdentityTool& tool, const IdentityPlace& place, bool hosts) {
  EdgeNames names;
  names.file = place.file;
  if (names.file.empty() && !place.data_dir.empty()) names.file = place.data_dir + "/identities.json";
  if (!names.file.empty() && !hosts) return names;
  const auto settings = settings_of({tool.ask, tool.out, tool.err, false}, place.config);
  if (!settings) return std::nullopt;
  if (names.file.empty()) names.file = text_setting(*settings, "iot_edge.identities_file");
  if (names.file.empty()) names.file = text_setting(*settings, "data_dir") + "/identities.json";
  names.hub_host_name = text_setting(*settings, "iot_edge.hub_host_name");
  const Json* gateway = edge_setting(*settings, "iot_edge.gateway_names");
  if (gateway != nullptr && gateway->is_array()) gateway = gateway->empty() ? nullptr : &gateway->front();
  if (gateway != nullptr && gateway->is_string())
    names.gateway = gateway->get<std::string>();  // one alone is no list
  return names;
}

core::Status check_identity_id(const std::string& id) {
  const size_t slash = id.find('/');
  const bool fine = is_name(std::string_view(id).substr(0, slash)) &&
                    (slash == std::string::npos || is_name(std::string_view(id).substr(slash + 1)));
  if (fine) return {};
  return core::fail(
      core::Errc::invalid,
      "'" + id +
          "' is the id of no device, and of no module as device/module; each has 1 to 128 letters, digits and - . % _ * ? ! "
          "( ) , : = @ $ '");
}

core::Result<Json> read_book(const std::string& path) {
  Json empty = {{"identities", Json::array()}};
  std::error_code unseen;
  if (!std::filesystem::exists(path, unseen) && !unseen) return empty;
  const auto text = read_text(path);
  if (!text) return core::fail(text.error());
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) return empty;
  auto json = routing::parse_json_text(*text, path);
  if (!json) return json;
  if (member_of(*json, "identities").is_array()) return json;
  return core::fail(core::Errc::invalid,
                    path + R"(: is no file of identities, {"identities": […]}; nothing was changed)");
}

core::Status write_book(const std::string& path, const Json& book) {
  return replace_private_file(path, book.dump(2) + "\n");
}

Json* find_identity(Json& book, const std::string& id) {
  Json& list = book["identities"];
  const auto found = std::ranges::find_if(list, [&](const Json& one) { return text_of(one, "id") == id; });
  return found == list.end() ? nullptr : &*found;
}

core::Result<std::string> new_shared_key() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return core::fail(core::Errc::io, "the system gives no random numbers");
  std::string key;
  core::append_base64(key, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return key;
}

core::Result<std::string> read_shared_key(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text;
  std::string key = text->substr(0, text->find_first_of("\r\n"));
  if (is_base64(key)) return key;
  return core::fail(core::Errc::invalid,
                    path + ": its first line is no key in base64, as the portal of the cloud shows it");
}

int tell(const IdentityTool& tool, const core::Error& error) {
  tool.err << "headgate: " << printable(error.what, core::LineFeeds::kept) << '\n';
  return kExitFailed;
}

}  // namespace headgate::tools
