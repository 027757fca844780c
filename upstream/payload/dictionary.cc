#include "upstream/payload/dictionary.h"

#include <zstd.h>

#include <utility>

namespace headgate::upstream {

core::Result<DictionaryPtr> read_dictionary(std::string bytes) {
  if (bytes.size() > Dictionary::kBytesMax)
    return core::fail(core::Errc::invalid,
                      "has " + std::to_string(bytes.size()) +
                          " bytes; a dictionary has 1 MiB at most, and 4 KiB are enough");
  const unsigned id = ZSTD_getDictID_fromDict(bytes.data(), bytes.size());
  if (id == 0) return core::fail(core::Errc::invalid, "is no dictionary of zstd; make one with zstd --train");
  return std::make_shared<const Dictionary>(Dictionary{id, std::move(bytes)});
}

}  // namespace headgate::upstream
