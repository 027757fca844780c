#include "hub/remote/public_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/os/file_rights.h"

namespace headgate::hub {
namespace {

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

core::Result<PublicKey> PublicKey::parse(std::string_view pem, std::string_view name) {
  const auto fail = [&](std::string_view why) {
    return core::fail(core::Errc::invalid,
                      std::string(name) + ": " + std::string(why) +
                          "; allowed: a public Ed25519 key in PEM, as headgate remote keygen writes it");
  };
  if (pem.find("PRIVATE KEY") != std::string_view::npos)
    return fail("holds a private key, which stays with whoever signs");
  const std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                               BIO_free);
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) return fail("holds no public key");
  std::shared_ptr<void> owned(key, [](void* it) { EVP_PKEY_free(static_cast<EVP_PKEY*>(it)); });
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) return fail("holds a key of another kind");
  return PublicKey(std::move(owned));
}

core::Result<PublicKey> PublicKey::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return core::fail(core::Errc::io, path + ": cannot be read: " + core::why_unreadable(path, errno));
  return parse(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

bool PublicKey::verifies(std::string_view bytes, std::string_view signature) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(bytes), bytes.size()) ==
             1;
}

std::string digest_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(octets(bytes), bytes.size(), hash.data());
  std::string text;
  for (const unsigned char byte : hash) text.append({kDigits[byte >> 4], kDigits[byte & 15]});
  return text;
}

}  // namespace headgate::hub
