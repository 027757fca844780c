// Gives up root's rights once what needs them is done.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::hub {

// Becomes `user`, its groups included, for good; and whatever user this is, no program started from here
// gains rights (no_new_privs). Empty: stays who it is. Call from the only thread. Errors: invalid (no such
// user), io (neither root nor that user).
[[nodiscard]] core::Status drop_privileges(const std::string& user);

// True for root.
[[nodiscard]] bool runs_as_root();

}  // namespace headgate::hub
