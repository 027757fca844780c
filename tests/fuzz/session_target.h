// Scripts of what several clients, the hub and the clock do, against a whole broker.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// Reads `input` as a script (session_target.cc says how) and lets it happen. Aborts if a client is not given
// what it was promised (peer.h), or if anything is left when all are gone.
void run_session(std::string_view input);

}  // namespace headgate::fuzz
