#include "hub/remote/envelope.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "hub/access/base64.h"
#include "routing/files/json_text.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kEnvelope = "the envelope";
constexpr std::string_view kSigned = "the signed text";

core::Unexpected refused(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

core::Status check_keys(const Json& object, std::string_view place, std::span<const std::string_view> keys) {
  if (!object.is_object())
    return refused(std::string(place) + ": is " + routing::describe(object) + "; allowed: an object");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(keys, key) == keys.end())
      return refused(std::string(place) + ": unknown key \"" + key + "\"; leave it out");
  }
  return {};
}

std::optional<std::string> bytes_at(const Json& envelope, std::string_view key) {
  const Json* const value = routing::member(envelope, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return decode_base64(value->get_ref<const std::string&>());
}

// Bytes whose signature is right.
core::Result<std::string> signed_bytes(std::string_view text, const PublicKey& key) {
  static constexpr std::array<std::string_view, 3> kKeys = {"headgate-desired", "signed", "signature"};
  if (text.size() > kEnvelopeBytesMax)
    return refused(std::string(kEnvelope) + ": has " + std::to_string(text.size()) +
                   " bytes; allowed: " + std::to_string(kEnvelopeBytesMax));
  const auto envelope = routing::parse_json_text(text, kEnvelope);
  if (!envelope) return core::fail(envelope.error());
  if (const auto checked = check_keys(*envelope, kEnvelope, kKeys); !checked)
    return core::fail(checked.error());
  if (const Json* const form = routing::member(*envelope, kKeys[0]); form == nullptr || *form != 1)
    return refused(std::string(kEnvelope) + ": headgate-desired is not 1; make it with headgate remote sign");
  auto bytes = bytes_at(*envelope, "signed");
  const auto signature = bytes_at(*envelope, "signature");
  if (!bytes || !signature)
    return refused(std::string(kEnvelope) + ": signed and signature have to be texts in base64, in one line");
  if (!key.verifies(*bytes, *signature))
    return refused(
        "the signature is wrong: the text was changed, or signed with another key than upstream.remote_config."
        "key_file; sign it again");
  return *std::move(bytes);
}

core::Status check_addressee(const Json& text, const Addressee& self) {
  const Json* const hub = routing::member(text, "hub");
  const Json* const group = routing::member(text, "group");
  if ((hub == nullptr) == (group == nullptr))
    return refused(std::string(kSigned) + ": has to name either a hub or a group");
  if (hub != nullptr && *hub != self.hub)
    return refused("it is for the hub " + routing::describe(*hub) + ", and this is \"" + self.hub +
                   "\"; sign it for this one");
  if (group != nullptr && (self.group.empty() || *group != self.group))
    return refused("it is for the group " + routing::describe(*group) + ", and this hub is of " +
                   (self.group.empty() ? "none (upstream.remote_config.group)" : "\"" + self.group + "\"") +
                   "; sign it for this one");
  return {};
}

}  // namespace

core::Result<Desired> open_envelope(std::string_view text, const PublicKey& key, const Addressee& self) {
  static constexpr std::array<std::string_view, 4> kKeys = {"hub", "group", "version", "document"};
  const auto bytes = signed_bytes(text, key);
  if (!bytes) return core::fail(bytes.error());
  const auto json = routing::parse_json_text(*bytes, kSigned);
  if (!json) return core::fail(json.error());
  if (const auto checked = check_keys(*json, kSigned, kKeys); !checked) return core::fail(checked.error());
  if (const auto checked = check_addressee(*json, self); !checked) return core::fail(checked.error());
  const Json* const version = routing::member(*json, "version");
  const bool is_version = version != nullptr && version->is_number_unsigned() &&
                          version->get<uint64_t>() >= 1 && version->get<uint64_t>() <= kVersionMax;
  if (!is_version)
    return refused(std::string(kSigned) + ": version has to be a whole number from 1 to " +
                   std::to_string(kVersionMax));
  const Json* const document = routing::member(*json, "document");
  if (document == nullptr || !document->is_object())
    return refused(std::string(kSigned) + ": document has to be an object");
  return Desired{version->get<uint64_t>(), document->dump(), digest_of(*bytes)};
}

}  // namespace headgate::hub
