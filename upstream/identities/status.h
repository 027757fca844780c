// View that operators have of the identities of a link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace headgate::upstream {

struct IdentitiesStatus {
  size_t open = 0;        // connected or connecting, beside the link's own device
  size_t waiting = 0;     // have messages that wait for their connection
  size_t refused = 0;     // by the cloud, for what only a person can mend
  uint64_t connects = 0;  // since the start, as the next
  uint64_t rotated = 0;   // hung up for another identity's sake
  std::string last_refused;
  std::string last_refusal;
};

}  // namespace headgate::upstream
