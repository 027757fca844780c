// `headgate bench`: loads a broker with MQTT clients and reports what became of it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace headgate::tools {

// `args`: what follows the word `bench`. The report goes to `out`; a progress bar to `err` if that is the
// terminal. Ends early on SIGINT and SIGTERM, with the report so far. Returns the exit code: 0 when
// everything asked for happened; 1 when a client was refused or lost, or something did not arrive; 2 for
// wrong arguments.
[[nodiscard]] int run_bench(const std::vector<std::string>& args, std::ostream& out, std::ostream& err);

}  // namespace headgate::tools
