// Reads a batch in columns (docs/batch-format.md) and gives it as rows. Pure. It does not share code with upstream/, so that
// each checks the other.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

namespace headgate::tools::columns {

inline constexpr std::string_view kMagic = "HGC1";

// Bytes of the batch at the front of `content`, which begins with the magic; none while its sizes are not there.
[[nodiscard]] std::optional<size_t> content_bytes(core::Bytes content);

// The batch as the JSON that it would be in rows, of at most `json_bytes_max`. What it makes of hostile bytes may be no
// JSON, but never more. Errors: invalid, with what is wrong.
[[nodiscard]] core::Result<std::string> as_rows(core::Bytes content, size_t json_bytes_max);

}  // namespace headgate::tools::columns
