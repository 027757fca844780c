// Remembers which password was verified last for each user, so that a thousand clients that come back do not
// cost a thousand runs of argon2.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

namespace headgate::hub {

// Keeps no password, but a keyed SHA-256 of user, hash and password. The key is made anew with the process,
// so what lies in memory is of no use elsewhere; and a user whose hash has changed is not known any more.
class VerifiedPasswords {
 public:
  static constexpr size_t kBytes = 32;
  using Key = std::array<unsigned char, kBytes>;
  explicit VerifiedPasswords(const Key& key) : key_(key) {}

  void add(const std::string& user, std::string_view hash, std::string_view password);
  [[nodiscard]] bool has(const std::string& user, std::string_view hash, std::string_view password) const;
  // A number that an outsider cannot foresee, always the same for one text.
  [[nodiscard]] size_t secret_number(std::string_view text) const;

 private:
  using Digest = std::array<unsigned char, kBytes>;
  [[nodiscard]] Digest digest(std::string_view user, std::string_view hash, std::string_view password) const;

  Key key_;
  std::unordered_map<std::string, Digest> verified_;
};

}  // namespace headgate::hub
