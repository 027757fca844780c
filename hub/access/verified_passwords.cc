#include "hub/access/verified_passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

namespace headgate::hub {

// Each part with its length before it, so that no two triples give the same bytes.
VerifiedPasswords::Digest VerifiedPasswords::digest(std::string_view user, std::string_view hash,
                                                    std::string_view password) const {
  std::string text;
  for (const std::string_view part : {user, hash, password}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  Digest made{};
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), made.data(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return made;
}

void VerifiedPasswords::add(const std::string& user, std::string_view hash, std::string_view password) {
  verified_[user] = digest(user, hash, password);
}

bool VerifiedPasswords::has(const std::string& user, std::string_view hash, std::string_view password) const {
  const auto known = verified_.find(user);
  if (known == verified_.end()) return false;
  const Digest given = digest(user, hash, password);
  return CRYPTO_memcmp(given.data(), known->second.data(), given.size()) == 0;
}

size_t VerifiedPasswords::secret_number(std::string_view text) const {
  const Digest made = digest(text, "", "");
  size_t number = 0;
  std::memcpy(&number, made.data(), sizeof number);
  return number;
}

}  // namespace headgate::hub
