// Getting the rows out of files that are damaged in places.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

struct Salvaged {
  std::vector<std::string> files;  // that were damaged, by name in the store's directory
  uint64_t values_uncertain = 0;   // of `kv`, whose newest version may be one of those that are lost
  bool lost_values = false;        // some of `kv` may be lost
  bool lost_queues = false;        // some of `cur` may be lost
};

// Reads every file of `db`, which was opened with Mode::salvage, against its checksums. A family that has a
// damaged one is written anew from all rows that can be read; its damaged files are no longer part of the
// database then. `before` is called for each damaged file before anything is changed. Needs room for the
// readable rows of such a family. Errors: corrupt (the file is one that cannot be done without), io, full.
[[nodiscard]] core::Result<Salvaged> salvage_files(RocksDb& db, const StoreOptions& options,
                                                   const std::function<void(const std::string&)>& before);

}  // namespace headgate::store
