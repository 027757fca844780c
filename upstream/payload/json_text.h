// Writes JSON by appending to a string: the hot path of a batch has no tree to build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace headgate::upstream {

// Takes text of uncertain origin, too: if it is not UTF-8 it is taken for Latin-1, because one bad property
// must not make a whole batch unreadable.
void append_json_lossy(std::string& out, std::string_view text);

// Appends the bytes in base64 (RFC 4648 section 4), quoted.
void append_json_base64(std::string& out, core::Bytes bytes);

void append_json_number(std::string& out, int64_t number);
void append_json_number(std::string& out, uint64_t number);

}  // namespace headgate::upstream
