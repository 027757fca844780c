#include "hub/http/sessions.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/text.h"
#include "hub/admin/sign_in/session.h"
#include "hub/http/private_file.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kKeyFile = "key of HTTP sessions";
constexpr std::string_view kPurpose = "headgate-session";
constexpr int64_t kSetBackMs = 5 * 60'000;  // by which a clock is corrected at times
constexpr size_t kCodeDigits = 64;
constexpr size_t kUntilDigitsMax = 18;
constexpr std::string_view kDigits = "0123456789abcdef";

std::optional<SessionKey> key_from(std::string_view text) {
  SessionKey key{};
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (size_t i = 0; i < key.size(); ++i) {
    const auto byte = core::parse_whole<uint8_t>(text.substr(2 * i, 2), 16);
    if (!byte) return std::nullopt;
    key[i] = *byte;
  }
  return key;
}

// When it ends, a point, the code.
bool is_session(std::string_view value) {
  const size_t point = value.find('.');
  return point != std::string_view::npos && point > 0 && point <= kUntilDigitsMax &&
         value.size() == point + 1 + kCodeDigits &&
         value.substr(0, point).find_first_not_of(kDigits.substr(0, 10)) == std::string_view::npos &&
         value.substr(point + 1).find_first_not_of(kDigits) == std::string_view::npos;
}

}  // namespace

Sessions::Sessions(const SessionKey& key, uint16_t port, bool over_tls)
    : key_(key), name_("headgate_" + std::to_string(port)), over_tls_(over_tls) {}

std::string Sessions::begin(std::string_view token, int64_t until_ms) const {
  const std::string until = std::to_string(until_ms);
  return set(until + "." + code(until, hash_of(token)), "");
}

std::string Sessions::end() const { return set("", "; Max-Age=0"); }

std::string Sessions::set(std::string_view value, std::string_view more) const {
  std::string field = name_ + "=";
  field.append(value).append("; Path=/; HttpOnly; SameSite=Strict").append(over_tls_ ? "; Secure" : "");
  return field.append(more);
}

std::optional<std::string_view> Sessions::find(std::string_view cookies) const {
  std::optional<std::string_view> found;
  while (!cookies.empty()) {
    const size_t end = cookies.find(';');
    std::string_view one = cookies.substr(0, end);
    cookies = end == std::string_view::npos ? std::string_view() : cookies.substr(end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.starts_with(name_) || one.substr(name_.size()).substr(0, 1) != "=") continue;
    if (found) return std::nullopt;
    found = one.substr(name_.size() + 1);
  }
  return found && is_session(*found) ? found : std::nullopt;
}

// A clock that was set back by more makes no session longer than it was to be.
std::optional<Caller> Sessions::open(std::string_view value, const Tokens& tokens, int64_t wall_ms) const {
  if (!is_session(value)) return std::nullopt;
  const std::string_view until = value.substr(0, value.find('.'));
  const std::string_view given = value.substr(until.size() + 1);
  const auto until_ms = core::parse_whole<int64_t>(until);
  if (!until_ms || *until_ms <= wall_ms || *until_ms - wall_ms > kSessionMs + kSetBackMs) return std::nullopt;
  auto caller = tokens.find_by([&](const TokenHash& hash) {
    return CRYPTO_memcmp(code(until, hash).data(), given.data(), kCodeDigits) == 0;
  });
  if (caller) caller->until_ms = *until_ms;
  return caller;
}

std::string Sessions::code(std::string_view until_ms, const TokenHash& hash) const {
  std::string text(kPurpose);
  text.append("\n").append(until_ms).append("\n");
  text.append(hash.begin(), hash.end());
  std::array<uint8_t, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), made.data(), &size);
  std::string digits;
  for (size_t i = 0; i < kCodeDigits / 2; ++i) digits += {kDigits[made[i] >> 4u], kDigits[made[i] & 15u]};
  return digits;
}

core::Result<SessionKey> read_or_make_session_key(const std::string& path) {
  const auto text = read_or_make_private_file(path, kKeyFile, [] { return random_hex() + "\n"; });
  if (!text) return core::fail(text.error());
  const auto key = key_from(*text);
  if (key) return *key;
  return core::fail(core::Errc::invalid, std::string(kKeyFile) + " " + path +
                                             ": it is not 64 hex digits; remove it, and a new one is made");
}

}  // namespace headgate::hub
