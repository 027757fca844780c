// Tokens of the HTTP server: who a request comes from. A file has a line for each:
//
//   # role  user       token, or its hash as sha256:HEX
//   admin   $operator  hg_4Qm1…
//   read    grafana    sha256:9f86d08…
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/admin/caller.h"

namespace headgate::hub {

using TokenHash = std::array<uint8_t, 32>;  // SHA-256
[[nodiscard]] TokenHash hash_of(std::string_view token);

class Tokens {
 public:
  // Errors: invalid; a line for each mistake, with its number and never with a token.
  [[nodiscard]] static core::Result<Tokens> parse(std::string_view text, std::string_view file_name);

  // Takes as long whichever token it is, or none.
  [[nodiscard]] std::optional<Caller> find(std::string_view token) const;
  // Finds one by a question about its hash; all are asked about.
  [[nodiscard]] std::optional<Caller> find_by(const std::function<bool(const TokenHash& hash)>& is_it) const;
  // Whether a caller that was found is here still, with the same rights.
  [[nodiscard]] bool still_know(const Caller& caller) const;
  [[nodiscard]] size_t size() const { return known_.size(); }

 private:
  struct Known {
    Role role = Role::read;
    std::string user;
    TokenHash hash{};
  };

  std::vector<Known> known_;
};

// File with one token, new and random, of an administrator.
[[nodiscard]] std::string new_token_file();

// Reads a file of tokens that nobody but its owner may read. Blocks. Errors: not_found, io, invalid (what it says, or that
// others may read it).
[[nodiscard]] core::Result<Tokens> read_token_file(const std::string& path);

// Does the same, and makes `path` with new_token_file() first if it is missing.
[[nodiscard]] core::Result<Tokens> read_or_make_token_file(const std::string& path);

}  // namespace headgate::hub
