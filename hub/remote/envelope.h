// A document as it comes down: in an envelope that says for whom it is, its version, and who has signed it. Pure.
//
// {"headgate-desired": 1, "signed": base64, "signature": base64}. Signed are exactly the bytes that `signed` stands for; they
// are {"hub": id, "version": number, "document": {…}}, or with "group" in the place of "hub".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/remote/public_key.h"

namespace headgate::hub {

// Larger ones are refused before anything in them is looked at.
inline constexpr size_t kEnvelopeBytesMax = 1'048'576;
inline constexpr uint64_t kVersionMax = 9'007'199'254'740'991;  // that every reader of JSON can hold

// Hub that documents are for.
struct Addressee {
  std::string hub;
  std::string group;  // empty: of no group
};

struct Desired {
  uint64_t version = 0;
  std::string document;  // JSON, an object
  std::string digest;    // of the signed bytes
};

// Errors are one line for the signer, with what to do: invalid. Of a wrong signature nothing else is told.
[[nodiscard]] core::Result<Desired> open_envelope(std::string_view text, const PublicKey& key,
                                                  const Addressee& self);

}  // namespace headgate::hub
