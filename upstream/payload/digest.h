// SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104). Pure; for any thread.
#pragma once

#include <array>

#include "core/bytes.h"

namespace headgate::upstream {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest sha256(core::Bytes bytes);
[[nodiscard]] Digest hmac_sha256(core::Bytes key, core::Bytes bytes);

[[nodiscard]] inline core::Bytes bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace headgate::upstream
