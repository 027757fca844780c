#include "upstream/payload/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace headgate::upstream {
namespace {

const unsigned char* octets(core::Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

// Neither can fail but for want of memory, which nothing here survives.
Digest sha256(core::Bytes bytes) {
  Digest digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Digest hmac_sha256(core::Bytes key, core::Bytes bytes) {
  Digest digest{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(), digest.data(),
       nullptr);
  return digest;
}

}  // namespace headgate::upstream
