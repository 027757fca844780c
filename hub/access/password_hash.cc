#include "hub/access/password_hash.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <optional>
#include <vector>

#include "core/text.h"

namespace headgate::hub {
namespace {

constexpr size_t kSha512Bytes = 64;
constexpr uint32_t kMemoryKibMax = 1024 * 1024;  // a file must not take the gateway's memory away
constexpr uint32_t kPassesMax = 64;
constexpr uint32_t kLanesMax = 16;
constexpr uint32_t kIterationsMax = 10'000'000;

using Sha512 = std::array<unsigned char, kSha512Bytes>;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// A whole number from 1 to `max`.
std::optional<uint32_t> number(std::string_view text, uint32_t max) {
  const auto value = core::parse_whole<uint32_t>(text);
  return value && *value >= 1 && *value <= max ? value : std::nullopt;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  bytes.resize(bytes.size() - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  return bytes;
}

// Reads one of Mosquitto's hashes.
struct MosquittoHash {
  uint32_t iterations = 0;  // 0: plain SHA512
  std::string salt;
  std::string digest;
};

std::optional<MosquittoHash> read_mosquitto(std::string_view hash) {
  const auto parts = split(hash, '$');
  const bool iterated = parts.size() == 5 && parts[1] == "7";
  if (!iterated && (parts.size() != 4 || parts[1] != "6")) return std::nullopt;
  const auto iterations = iterated ? number(parts[2], kIterationsMax) : 0;
  auto salt = from_base64(parts[parts.size() - 2]);
  auto digest = from_base64(parts.back());
  if (!iterations || !salt || !digest || digest->size() != kSha512Bytes) return std::nullopt;
  return MosquittoHash{*iterations, *std::move(salt), *std::move(digest)};
}

bool is_unpadded_base64(std::string_view text, size_t characters_min) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.size() >= characters_min && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

core::Status check_argon2id(std::string_view hash) {
  const auto parts = split(hash, '$');
  if (parts.size() != 6 || parts[2] != "v=19") return core::fail(core::Errc::invalid, "is cut or changed");
  const auto costs = split(parts[3], ',');
  const auto cost = [&](size_t i, std::string_view name, uint32_t max) {
    const bool named = i < costs.size() && costs[i].starts_with(name);
    return named ? number(costs[i].substr(name.size()), max) : std::nullopt;
  };
  const bool affordable = costs.size() == 3 && cost(0, "m=", kMemoryKibMax) && cost(1, "t=", kPassesMax) &&
                          cost(2, "p=", kLanesMax);
  if (!affordable) {
    return core::fail(core::Errc::invalid,
                      "costs too much, or says its cost wrong: at most m=1048576,t=64,p=16");
  }
  constexpr size_t kSaltMin = 11;   // 8 bytes
  constexpr size_t kDigestMin = 6;  // 4 bytes: what the library takes
  if (!is_unpadded_base64(parts[4], kSaltMin) || !is_unpadded_base64(parts[5], kDigestMin)) {
    return core::fail(core::Errc::invalid, "is cut or changed");
  }
  return {};
}

bool sha512_of(std::string_view password, const MosquittoHash& known, Sha512& digest) {
  if (known.iterations > 0) {
    return PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                             reinterpret_cast<const unsigned char*>(known.salt.data()),
                             static_cast<int>(known.salt.size()), static_cast<int>(known.iterations),
                             EVP_sha512(), kSha512Bytes, digest.data()) == 1;
  }
  const std::string salted = std::string(password) + known.salt;
  return EVP_Digest(salted.data(), salted.size(), digest.data(), nullptr, EVP_sha512(), nullptr) == 1;
}

}  // namespace

core::Status check_password_hash(std::string_view hash) {
  if (hash.starts_with("$argon2id$")) return check_argon2id(hash);
  if (hash.starts_with("$7$") || hash.starts_with("$6$")) {
    if (read_mosquitto(hash)) return {};
    return core::fail(core::Errc::invalid, "is cut or changed");
  }
  return core::fail(core::Errc::invalid, "is not hashed, or in a way that is not known here");
}

bool password_fits(const std::string& hash, std::string_view password) {
  if (hash.starts_with("$argon2id$"))
    return argon2id_verify(hash.c_str(), password.data(), password.size()) == 0;
  const auto known = read_mosquitto(hash);
  Sha512 digest{};
  return known && sha512_of(password, *known, digest) &&
         CRYPTO_memcmp(digest.data(), known->digest.data(), kSha512Bytes) == 0;
}

const std::string& nobodys_hash() {
  static const std::string kHash =
      "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  return kHash;
}

}  // namespace headgate::hub
