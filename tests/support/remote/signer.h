// Somebody who signs documents, with a key of its own.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/base64.h"

namespace headgate::testing {

class Signer {
 public:
  Signer() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {
    if (!key_) std::abort();
  }

  [[nodiscard]] std::string public_pem() const {
    return pem([this](BIO* out) { PEM_write_bio_PUBKEY(out, key_.get()); });
  }
  [[nodiscard]] std::string private_pem() const {
    return pem([this](BIO* out) {
      PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  [[nodiscard]] std::string signature(std::string_view bytes) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(64, '\0');
    size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return signature;
  }
  // An envelope round exactly these bytes.
  [[nodiscard]] std::string seal(std::string_view bytes) const {
    return R"({"headgate-desired": 1, "signed": ")" + base64(bytes) + R"(", "signature": ")" +
           base64(signature(bytes)) + "\"}";
  }
  [[nodiscard]] std::string sign(std::string_view hub, uint64_t version, std::string_view document) const {
    return seal(R"({"hub": ")" + std::string(hub) + R"(", "version": )" + std::to_string(version) +
                R"(, "document": )" + std::string(document) + "}");
  }

  [[nodiscard]] static std::string base64(std::string_view bytes) {
    std::string text;
    core::append_base64(text, bytes);
    return text;
  }

 private:
  template <typename Write>
  static std::string pem(const Write& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    write(out.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace headgate::testing
