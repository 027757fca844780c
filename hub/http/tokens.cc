#include "hub/http/tokens.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/text.h"
#include "hub/access/hub_user.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kHashed = "sha256:";
constexpr size_t kTokenBytesMin = 16;
constexpr size_t kTokenBytesMax = 512;
constexpr size_t kRandomBytes = 32;
constexpr mode_t kOthers = 0077;

using TokenHash = std::array<uint8_t, 32>;

TokenHash hash_of(std::string_view token) {
  TokenHash hash{};
  EVP_Digest(token.data(), token.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  return hash;
}

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

core::Error cannot_read(const std::string& path, int error) {
  return {error == ENOENT ? core::Errc::not_found : core::Errc::io,
          "file of HTTP tokens " + path + ": cannot be read: " + std::strerror(error)};
}

// The file appears whole: of two that make it one wins, and both read the winner's.
core::Status make_token_file(const std::string& path) {
  const std::string fresh = path + ".new";
  const std::string text = new_token_file();
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  const bool there = written && (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  ::unlink(fresh.c_str());
  if (there) return {};
  return core::fail(core::Errc::io,
                    "file of HTTP tokens " + path + ": cannot be made: " + std::strerror(error));
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

std::optional<Caller> Tokens::find(std::string_view token) const {
  const Hash hash = hash_of(token);
  const Known* found = nullptr;
  for (const Known& known : known_)
    if (CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0) found = &known;
  if (found == nullptr) return std::nullopt;
  return Caller{found->role, found->user, {}};
}

std::string new_token_file() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<uint8_t, kRandomBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    std::abort();  // the system has no randomness
  std::string token = "hg_";
  for (const uint8_t byte : random) token += {kDigits[byte >> 4u], kDigits[byte & 15u]};
  return "# Who may use the HTTP server: role (read, operate, admin), user, token.\nadmin " +
         std::string(kOperatorUser) + " " + token + "\n";
}

core::Result<Tokens> read_token_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return core::fail(cannot_read(path, errno));
  if ((info.st_mode & kOthers) != 0)
    return core::fail(core::Errc::invalid,
                      "file of HTTP tokens " + path + ": others may read it; do: chmod 600 " + path);
  std::ifstream file(path, std::ios::binary);
  if (!file) return core::fail(cannot_read(path, errno));
  std::ostringstream text;
  text << file.rdbuf();
  return Tokens::parse(text.str(), path);
}

core::Result<Tokens> read_or_make_token_file(const std::string& path) {
  auto tokens = read_token_file(path);
  if (tokens || tokens.error().code != core::Errc::not_found) return tokens;
  if (auto made = make_token_file(path); !made) return core::fail(made.error());
  return read_token_file(path);
}

}  // namespace headgate::hub
