// Texts that the workload API encrypts for a module, so that they may lie anywhere: AES-256-GCM with a key of the module's own, which is derived from
// the gateway's secret and never handed out. Of another module, another generation of it, or with another initialization vector nothing is
// decrypted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::hub {

inline constexpr size_t kWorkloadSecretBytes = 32;

// Whose text it is.
struct CipherOwner {
  std::string_view device;
  std::string_view module;
  std::string_view generation_id;
};

// The module's vector is bound to the text, and is no nonce: one that comes twice gives nothing away. Nullopt: OpenSSL could not.
[[nodiscard]] std::optional<std::string> encrypt_for(std::string_view secret, const CipherOwner& owner,
                                                     std::string_view vector, std::string_view plain);

// Nullopt: it was not made by encrypt_for() with all of that, or was changed since.
[[nodiscard]] std::optional<std::string> decrypt_for(std::string_view secret, const CipherOwner& owner,
                                                     std::string_view vector, std::string_view ciphertext);

}  // namespace headgate::hub
