#include "hub/http/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <sstream>

#include "core/text.h"
#include "hub/access/hub_user.h"
#include "hub/http/private_file.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kHashed = "sha256:";
constexpr size_t kTokenBytesMin = 16;
constexpr size_t kTokenBytesMax = 512;
constexpr std::string_view kTokenFile = "file of HTTP tokens";

std::optional<TokenHash> hash_from_hex(std::string_view hex) {
  TokenHash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (size_t i = 0; i < hash.size(); ++i) {
    const auto byte = core::parse_whole<uint8_t>(hex.substr(2 * i, 2), 16);
    if (!byte) return std::nullopt;
    hash[i] = *byte;
  }
  return hash;
}

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : {Role::read, Role::operate, Role::admin})
    if (name_of(role) == name) return role;
  return std::nullopt;
}

// RFC 6750 section 2.1: what may stand behind "Bearer ".
bool is_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  };
  return text.size() >= kTokenBytesMin && text.size() <= kTokenBytesMax && std::ranges::all_of(text, allowed);
}

}  // namespace

core::Result<Tokens> Tokens::parse(std::string_view text, std::string_view file_name) {
  Tokens tokens;
  std::string problems;
  std::istringstream lines{std::string(text)};
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line);
    std::string role;
    std::string user;
    std::string token;
    std::string more;
    if (!(words >> role) || role.front() == '#') continue;
    const auto complain = [&](std::string_view what) {
      problems.append(problems.empty() ? "" : "\n")
          .append(file_name)
          .append(":")
          .append(std::to_string(number))
          .append(": ")
          .append(what);
    };
    const auto known = role_named(role);
    if (!known || !(words >> user) || !(words >> token) || words >> more) {
      complain("expected: role user token, with role one of read, operate, admin");
      continue;
    }
    const bool is_hashed = token.starts_with(kHashed);
    const auto hash = is_hashed         ? hash_from_hex(std::string_view(token).substr(kHashed.size()))
                      : is_token(token) ? std::optional(hash_of(token))
                                        : std::nullopt;
    if (!hash)
      complain(
          "the token is not one: 16 to 512 of letters, digits and -._~+/=, or sha256: and 64 hex digits");
    else if (is_own_user(user) && user != kOperatorUser)
      complain("user " + user + " is the hub's own; take " + std::string(kOperatorUser) + " or one of yours");
    else
      tokens.known_.push_back({*known, user, *hash});
  }
  if (!problems.empty()) return core::fail(core::Errc::invalid, problems);
  return tokens;
}

TokenHash hash_of(std::string_view token) {
  TokenHash hash{};
  EVP_Digest(token.data(), token.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  return hash;
}

std::optional<Caller> Tokens::find(std::string_view token) const {
  return find_by([hash = hash_of(token)](const TokenHash& known) {
    return CRYPTO_memcmp(known.data(), hash.data(), hash.size()) == 0;
  });
}

bool Tokens::still_know(const Caller& caller) const {
  return std::ranges::any_of(known_, [&caller](const Known& known) {
    return known.user == caller.user && known.role == caller.role &&
           std::ranges::equal(known.hash, caller.known_by, {}, {},
                              [](char c) { return static_cast<uint8_t>(c); });
  });
}

std::optional<Caller> Tokens::find_by(const std::function<bool(const TokenHash& hash)>& is_it) const {
  const Known* found = nullptr;
  for (const Known& known : known_)
    if (is_it(known.hash)) found = &known;
  if (found == nullptr) return std::nullopt;
  Caller caller{found->role, found->user, {}};
  caller.known_by.assign(found->hash.begin(), found->hash.end());
  return caller;
}

std::string new_token_file() {
  return "# Who may use the HTTP server: role (read, operate, admin), user, token.\nadmin " +
         std::string(kOperatorUser) + " hg_" + random_hex() + "\n";
}

core::Result<Tokens> read_token_file(const std::string& path) {
  const auto text = read_private_file(path, kTokenFile);
  return text ? Tokens::parse(*text, path) : core::fail(text.error());
}

core::Result<Tokens> read_or_make_token_file(const std::string& path) {
  const auto text = read_or_make_private_file(path, kTokenFile, new_token_file);
  return text ? Tokens::parse(*text, path) : core::fail(text.error());
}

}  // namespace headgate::hub
