// `headgate unbatch`: the consumer's side of the upstream link. Turns batches (files, standard input, or what
// a broker delivers) into one JSON message a line, each message once.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace headgate::tools {

// `args`: what follows the word `unbatch`. Returns the exit code: 0; 1 if a batch was bad or the broker
// refused or could not be reached; 2 if the arguments, the state file or the key cannot be used; 3 if batches are
// missing or changed.
[[nodiscard]] int run_unbatch(const std::vector<std::string>& args, std::istream& in, std::ostream& out,
                              std::ostream& err);

}  // namespace headgate::tools
