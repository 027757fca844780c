// The Ed25519 key that documents have to be signed for (RFC 8032), and bytes as base64 in JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

class PublicKey {
 public:
  // Reads PEM, "-----BEGIN PUBLIC KEY-----". `name` begins the error. Error: invalid, with what to do.
  [[nodiscard]] static core::Result<PublicKey> parse(std::string_view pem, std::string_view name);
  // Reads a file. Blocks. Errors: io, invalid.
  [[nodiscard]] static core::Result<PublicKey> read(const std::string& path);

  // On any thread.
  [[nodiscard]] bool verifies(std::string_view bytes, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;  // an EVP_PKEY
};

// SHA-256 in hexadecimal digits.
[[nodiscard]] std::string digest_of(std::string_view bytes);

}  // namespace headgate::hub
