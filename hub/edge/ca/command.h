// `headgated --ca VERB`: what `headgate ca` has done by the hub's own program.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace headgate::hub {

struct CaRequest {
  std::string verb = {};  // "init" or "renew"; empty: none of it
  std::string dir = {};
  std::vector<std::string> names = {};
};

// Exit code 0, or 1 after an error, which was told.
int run_ca(const CaRequest& request, int64_t now_s, std::ostream& out, std::ostream& err);

}  // namespace headgate::hub
