// The console: pages that look at the hub and use its documented API alone (docs/http.md). Their files lie beside this one and are
// part of the program (cmake/pages.cmake).
#pragma once

#include <span>

#include "hub/http/pages.h"

namespace headgate::hub {

// Lives as long as the program.
[[nodiscard]] std::span<const Page> console_pages();

}  // namespace headgate::hub
