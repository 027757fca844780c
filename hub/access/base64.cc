#include "hub/access/base64.h"

#include <openssl/evp.h>

#include "core/base64.h"

namespace headgate::hub {

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  bytes.resize(bytes.size() - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  std::string again;
  core::append_base64(again, bytes);
  if (again != text) return std::nullopt;  // blanks that OpenSSL skips, or bits beyond the last byte
  return bytes;
}

}  // namespace headgate::hub
