// Any body against schemas with each keyword, and any text as a schema.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// The first byte chooses one of the schemas here, against which the rest is checked as a body; or, from 0x80 on, the rest
// is a schema up to its first zero byte, and what follows a body. Aborts if a text is neither compiled nor refused for a
// reason, if two checks of one body differ, if a violation has no words, or if a limit is not named.
void run_schema(std::string_view input);

}  // namespace headgate::fuzz
