// Any bytes as a batch in columns, and any bodies through columns and back.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// From 0x80 on, the first byte says that the rest are bodies, one a line: in columns they must come back as in rows. Below,
// two bytes are the length of a head, and what follows is the head and the data. Aborts if what was read is larger than
// allowed, if a refusal has no words, or if a body is not the same.
void run_columns(std::string_view input);

}  // namespace headgate::fuzz
