// Batches as their reader sees them.
#pragma once

#include <gtest/gtest.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "tests/support/batches/trained_dictionary.h"
#include "tools/unbatch/columns/batch.h"

namespace headgate::testing {

// The content of a batch in columns, as the JSON that it would be in rows.
inline std::string rows_of_columns(std::string_view content) {
  const auto rows = tools::columns::as_rows(content, size_t{64} << 20);
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().what);
  return rows ? *rows : "";
}

// The JSON text of a payload of any layout and compression.
inline std::string batch_text(std::string_view payload) {
  std::string text(payload);
  if (payload.starts_with("\x28\xB5\x2F\xFD")) {
    text.assign(ZSTD_getFrameContentSize(payload.data(), payload.size()), '\0');
    const size_t bytes = dictionary_needed(payload) == 0
                             ? ZSTD_decompress(text.data(), text.size(), payload.data(), payload.size())
                             : expand_with_dictionary(text, payload, small_batch_dictionary());
    EXPECT_EQ(bytes, text.size()) << ZSTD_getErrorName(bytes);
  }
  return text.starts_with(tools::columns::kMagic) ? rows_of_columns(text) : text;
}

}  // namespace headgate::testing
