// The program in its own place.
#pragma once

namespace headgate::hub {

// Runs this program anew with the same arguments, under the same process id: a service manager sees one service that goes on. To
// be called by the only thread that is left. Returns only if that cannot be: false.
[[nodiscard]] bool start_again(char** argv);

}  // namespace headgate::hub
