// How a batch is written: what an operator chooses, and what a batch says of itself in the properties of MQTT 5.
#pragma once

#include <cstdint>
#include <string_view>

namespace headgate::upstream {

enum class BatchLayout : uint8_t {
  rows,     // JSON: anybody can read it
  columns,  // smaller: what the rows have in common once, then their values column by column
};

enum class BatchCompression : uint8_t { zstd, none };

struct BatchForm {
  BatchLayout layout = BatchLayout::rows;
  BatchCompression compression = BatchCompression::zstd;
  int zstd_level = 0;  // 0: the encoder's own

  friend bool operator==(const BatchForm&, const BatchForm&) = default;
};

// The content type of MQTT 5.
[[nodiscard]] constexpr std::string_view content_type_of(BatchLayout layout) {
  return layout == BatchLayout::columns ? "application/vnd.headgate-batch+columns"
                                        : "application/vnd.headgate-batch+json";
}

// The user property "enc".
[[nodiscard]] constexpr std::string_view name_of(BatchCompression compression) {
  return compression == BatchCompression::none ? "none" : "zstd";
}

}  // namespace headgate::upstream
