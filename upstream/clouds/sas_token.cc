#include "upstream/clouds/sas_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/base64.h"
#include "core/text/percent.h"

namespace headgate::upstream {
namespace {

std::optional<std::vector<unsigned char>> decode_base64(std::string_view text) {
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  const int decoded = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

std::string hmac_sha256(const std::vector<unsigned char>& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  std::string base64;
  core::append_base64(base64, std::string_view(reinterpret_cast<const char*>(mac.data()), size));
  return base64;
}

}  // namespace

std::string percent_encoded(std::string_view text) { return core::percent_encoded(text); }

core::Result<std::string> sas_signature(std::string_view resource, std::string_view until,
                                        std::string_view key_base64) {
  const auto key = decode_base64(key_base64);
  if (!key)
    return core::fail(core::Errc::invalid, "the key is no base64, such as the portal of the cloud shows it");
  return hmac_sha256(*key, std::string(resource).append("\n").append(until));
}

core::Result<std::string> sas_token(std::string_view resource, std::string_view key_base64,
                                    int64_t expires_s) {
  const std::string at = percent_encoded(resource);
  const std::string until = std::to_string(expires_s);
  const auto signature = sas_signature(at, until, key_base64);
  if (!signature) return core::fail(signature.error());
  return "SharedAccessSignature sr=" + at + "&sig=" + percent_encoded(*signature) + "&se=" + until;
}

}  // namespace headgate::upstream
