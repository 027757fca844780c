#include "hub/edge/identities/token.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/text/percent.h"
#include "core/topic.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kScheme = "SharedAccessSignature ";
constexpr int64_t kExpiryMaxS = 100'000'000'000;  // the year 5138: what is later is that

// The raw values of the fields that count.
struct Fields {
  std::optional<std::string_view> resource;
  std::optional<std::string_view> signature;
  std::optional<std::string_view> expiry;

  // False: the field was there before.
  bool take(std::string_view name, std::string_view value) {
    std::optional<std::string_view>* const place = name == "sr"    ? &resource
                                                   : name == "sig" ? &signature
                                                   : name == "se"  ? &expiry
                                                                   : nullptr;
    if (place == nullptr) return true;  // `skn` says nothing of devices
    return !std::exchange(*place, value).has_value();
  }
};

std::optional<Fields> fields_of(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    const size_t equals = one.find('=');
    if (equals == std::string_view::npos || !fields.take(one.substr(0, equals), one.substr(equals + 1)))
      return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

std::optional<int64_t> seconds_of(std::string_view text) {
  const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  // More digits than a number holds are a time that never comes.
  return std::min(core::parse_whole<int64_t>(text).value_or(kExpiryMaxS), kExpiryMaxS);
}

bool names(std::string_view resource, const EdgeId& id, const HostNames& hosts) {
  std::vector<std::string_view> parts;
  core::TopicLevels levels(resource);
  while (const auto level = levels.next()) parts.push_back(*level);
  if (parts.size() != (id.is_module() ? 5U : 3U)) return false;
  if (!hosts.have(parts[0]) || parts[1] != "devices" || parts[2] != id.device) return false;
  return !id.is_module() || (parts[3] == "modules" && parts[4] == id.module);
}

}  // namespace

bool SasToken::is_for(const EdgeId& id, const HostNames& hosts) const {
  const auto once = core::percent_decoded(resource);
  if (!once) return false;
  if (names(*once, id, hosts)) return true;
  const auto twice = core::percent_decoded(*once);
  return twice && names(*twice, id, hosts);
}

bool SasToken::is_signed_by(std::string_view key) const {
  const auto wanted = upstream::sas_signature(resource, until, key);
  return wanted && wanted->size() == signature.size() &&
         CRYPTO_memcmp(wanted->data(), signature.data(), signature.size()) == 0;
}

std::optional<SasToken> parse_sas_token(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  if (text.find(' ') != std::string_view::npos) return std::nullopt;
  const auto fields = fields_of(text);
  if (!fields || !fields->resource || !fields->signature || !fields->expiry) return std::nullopt;
  const auto signature = core::percent_decoded(*fields->signature);
  const auto until = core::percent_decoded(*fields->expiry);
  const auto expires_s = until ? seconds_of(*until) : std::nullopt;
  if (!signature || !expires_s || fields->resource->empty()) return std::nullopt;
  return SasToken{std::string(*fields->resource), *until, *signature, *expires_s};
}

}  // namespace headgate::hub
