// Packets a client may send: at least one of each kind, with everything that may stand in it.
#pragma once

#include <string>
#include <vector>

#include "broker/codec/version.h"

namespace headgate::testing {

struct WellFormedCase {
  std::string name;
  broker::Version version;
  std::string packet;                 // in the notation of wire_text.h
  std::vector<size_t> whole_at = {};  // shorter bodies that are whole packets as well, in bytes
  bool may_go_on = false;             // with a zero byte more it is another whole packet
};

[[nodiscard]] std::vector<WellFormedCase> well_formed_corpus();

}  // namespace headgate::testing
