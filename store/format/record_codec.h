// A message as bytes in a block row, and back (docs/store-format.md, "Record").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/message.h"
#include "core/result.h"

namespace headgate::store {

// Counts the bytes of a message for `waiting_bytes`: topic, body and the text of its properties.
[[nodiscard]] uint64_t stored_bytes(const core::Message& message);

// Appends the record of `message` to `out`. Properties and source that a message does not have cost no bytes.
void encode_record(const core::Message& message, std::string& out);

// Reads the record at the front of `bytes`; what follows it is ignored. A record has no arrival in hub time, which
// its owner knows; without one it is that of the stamp. Error: corrupt.
[[nodiscard]] core::Result<core::MessagePtr> decode_record(core::Bytes bytes,
                                                           std::optional<int64_t> arrived_hub_ms = {});

}  // namespace headgate::store
