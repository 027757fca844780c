// Bytes as text where JSON has to hold them (RFC 4648 section 4).
//
// Own code, because core, store and the batch encoder do without OpenSSL. Reading base64 is OpenSSL's business, where it
// is needed.
#pragma once

#include <string>

#include "core/bytes.h"

namespace headgate::core {

// Appends the bytes in the standard alphabet, padded with `=`.
void append_base64(std::string& out, Bytes bytes);

}  // namespace headgate::core
