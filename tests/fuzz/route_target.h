// Any text against the compiler of routes, and what it makes of it against messages.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// The first byte chooses the semantics and the message; the rest is a route. Aborts if a text is neither compiled nor
// refused with a reason that lies within it, if what was compiled exceeds a limit, if it reads otherwise once it was
// printed, or if it cannot be evaluated.
void run_route(std::string_view input);

}  // namespace headgate::fuzz
