// Says what a verifier has found, for people.
#pragma once

#include <iosfwd>
#include <string>

#include "tools/unbatch/chain/verifier.h"

namespace headgate::tools {

// A line for each finding, with the ids of messages that it is about; of a stream without one, what can be vouched for.
// Returns whether there is no finding.
bool report(const ChainVerifier& verifier, std::ostream& err);

[[nodiscard]] std::string to_text(const Finding& finding);
[[nodiscard]] std::string to_text(const Vouched& vouched);

}  // namespace headgate::tools
