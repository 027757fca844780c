// Says which build a program is, for `--version`.
#pragma once

#include <string>
#include <string_view>

namespace headgate::core {

// Several lines without a line feed at the end: "PROGRAM VERSION", then compiler, build type and commit, then the libraries
// that it was compiled with. A commit is known in builds for packages only, since other trees may hold changes.
std::string build_info(std::string_view program);

}  // namespace headgate::core
