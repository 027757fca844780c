// A message as bytes in a block row, and back (docs/store-format.md, "Record").
#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/message.h"
#include "core/result.h"

namespace headgate::store {

// Counts the bytes of a message for `waiting_bytes`: topic, body and the text of its properties.
[[nodiscard]] uint64_t stored_bytes(const core::Message& message);

// Appends the record of `message` to `out`. Properties and source that a message does not have cost no bytes.
void encode_record(const core::Message& message, std::string& out);

// Reads the record at the front of `bytes`; what follows it is ignored. Error: corrupt.
[[nodiscard]] core::Result<core::MessagePtr> decode_record(core::Bytes bytes);

}  // namespace headgate::store
