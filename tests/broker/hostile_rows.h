// Everything that a client may not send, for a whole connection: bytes, and how the broker has to end it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/codec/version.h"

namespace headgate::testing {

struct HostileRow {
  std::string name;  // what is wrong, and the clause or section that says so
  broker::Version version = broker::Version::v5;
  bool first = false;  // sent instead of a CONNECT, not after one
  std::string bytes;   // a whole packet, or as much of one as it takes to refuse it
  std::optional<uint8_t>
      reason;  // in DISCONNECT or, if the bytes are a CONNECT, in CONNACK; none: just closed
};

// More than a thousand rows: generated ones (flags, lengths, truncation, bytes left over, strings that are
// not UTF-8, properties where they may not stand, twice, or out of range), judged by small tables of their
// own that follow the standard's, and the corpus of single packets.
[[nodiscard]] std::vector<HostileRow> hostile_rows();

}  // namespace headgate::testing
