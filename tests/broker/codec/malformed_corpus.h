// Packets no client may send, and what the broker has to answer to each.
#pragma once

#include <string>
#include <vector>

#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"

namespace headgate::testing {

struct MalformedCase {
  std::string name;  // what is wrong, and the clause or section that says so
  broker::Version version;
  std::string packet;  // in the notation of wire_text.h
  broker::ReasonCode reason;
};

[[nodiscard]] std::vector<MalformedCase> malformed_corpus();

}  // namespace headgate::testing
