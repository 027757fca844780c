#include "hub/edge/workload/cipher.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

namespace headgate::hub {
namespace {

// A ciphertext is its version, the nonce, the encrypted bytes and the tag.
constexpr char kCipherVersion = 1;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kAroundBytes = 1 + kNonceBytes + kTagBytes;

using CipherKey = std::array<unsigned char, 32>;

template <auto free>
struct CipherFree {
  void operator()(auto* thing) const { free(thing); }
};
using ContextPtr = std::unique_ptr<EVP_CIPHER_CTX, CipherFree<EVP_CIPHER_CTX_free>>;
using DerivePtr = std::unique_ptr<EVP_PKEY_CTX, CipherFree<EVP_PKEY_CTX_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int size_of(std::string_view text) { return static_cast<int>(text.size()); }

// Names with their lengths, so that no two owners have the same words.
std::string words_of(const CipherOwner& owner) {
  std::string words = "headgate workload 1";
  for (const std::string_view part : {owner.device, owner.module, owner.generation_id})
    words.append(1, ' ').append(std::to_string(part.size())).append(1, ':').append(part);
  return words;
}

std::optional<CipherKey> key_of(std::string_view secret, const CipherOwner& owner) {
  const std::string info = words_of(owner);
  const DerivePtr derive(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  CipherKey key{};
  size_t size = key.size();
  if (!derive || EVP_PKEY_derive_init(derive.get()) != 1 ||
      EVP_PKEY_CTX_set_hkdf_md(derive.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set1_hkdf_key(derive.get(), bytes_of(secret), size_of(secret)) != 1 ||
      EVP_PKEY_CTX_add1_hkdf_info(derive.get(), bytes_of(info), size_of(info)) != 1 ||
      EVP_PKEY_derive(derive.get(), key.data(), &size) != 1)
    return std::nullopt;
  return key;
}

}  // namespace

std::optional<std::string> encrypt_for(std::string_view secret, const CipherOwner& owner,
                                       std::string_view vector, std::string_view plain) {
  const auto key = key_of(secret, owner);
  const ContextPtr context(EVP_CIPHER_CTX_new());
  std::string made(plain.size() + kAroundBytes, '\0');
  made[0] = kCipherVersion;
  unsigned char* const nonce = bytes_of(made) + 1;
  unsigned char* const text = nonce + kNonceBytes;
  unsigned char* const tag = text + plain.size();
  int size = 0;
  if (!key || !context || RAND_bytes(nonce, kNonceBytes) != 1 ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key->data(), nonce) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(vector), size_of(vector)) != 1 ||
      EVP_EncryptUpdate(context.get(), text, &size, bytes_of(plain), size_of(plain)) != 1 ||
      EVP_EncryptFinal_ex(context.get(), tag, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) != 1)
    return std::nullopt;
  return made;
}

std::optional<std::string> decrypt_for(std::string_view secret, const CipherOwner& owner,
                                       std::string_view vector, std::string_view ciphertext) {
  if (ciphertext.size() < kAroundBytes || ciphertext[0] != kCipherVersion) return std::nullopt;
  const auto key = key_of(secret, owner);
  const ContextPtr context(EVP_CIPHER_CTX_new());
  const std::string_view nonce = ciphertext.substr(1, kNonceBytes);
  const std::string_view text = ciphertext.substr(1 + kNonceBytes, ciphertext.size() - kAroundBytes);
  std::string tag(ciphertext.substr(ciphertext.size() - kTagBytes));
  std::string plain(text.size(), '\0');
  int size = 0;
  if (!key || !context ||
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key->data(), bytes_of(nonce)) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(vector), size_of(vector)) != 1 ||
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, bytes_of(text), size_of(text)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + plain.size(), &size) != 1)
    return std::nullopt;
  return plain;
}

}  // namespace headgate::hub
