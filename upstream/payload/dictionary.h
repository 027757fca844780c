// Dictionary of zstd that batches are compressed with, so that what all batches repeat costs next to nothing in small ones.
// Made from batches by `zstd --train`; whoever reads has to hold it. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"

namespace headgate::upstream {

// Immutable, so any thread may read it.
struct Dictionary {
  static constexpr size_t kBytesMax = 1024 * 1024;

  uint32_t id = 0;  // that frames name; never 0
  std::string bytes;
};

using DictionaryPtr = std::shared_ptr<const Dictionary>;

// The dictionary in a file's content. Errors: invalid, with what is wrong.
[[nodiscard]] core::Result<DictionaryPtr> read_dictionary(std::string bytes);

}  // namespace headgate::upstream
