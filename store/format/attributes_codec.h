// A queue's attributes as bytes, and back (docs/store-format.md, "cur").
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "store/queue_attributes.h"

namespace headgate::store {

[[nodiscard]] std::string encode_attributes(const QueueAttributes& attributes);

// Error: corrupt.
[[nodiscard]] core::Result<QueueAttributes> decode_attributes(core::Bytes bytes);

// For a store of format 1, which kept none: there a name said what a queue was for.
[[nodiscard]] QueueAttributes attributes_by_name(std::string_view name);

}  // namespace headgate::store
