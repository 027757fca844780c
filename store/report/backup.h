// Copies of a store that can be opened: what `headgate store backup` makes.
//
// A copy is marked. Whoever opens it as a store takes an epoch of its own with its first write, before any
// append: its original goes on using the seqs of the old one.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace headgate::store {

struct BackupReport {
  std::string dir;  // a data directory; the copy is kStoreDirName in it
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t linked_bytes = 0;  // of them, what takes no space besides the original as long as that has it
  int64_t took_ms = 0;
};

// Copies the store of a stopped hub, in `store_dir`, changing nothing there: makes `dir` a data directory
// with the copy. `dir` is absolute, its parent is there, it is missing or empty, and not inside the store. On
// an error nothing is left of what was begun. Errors: those of open_queue_reader(), invalid (`dir`), full,
// io.
[[nodiscard]] core::Result<BackupReport> back_up_store(const std::string& store_dir, const std::string& dir);

// {"dir", "files", "bytes", "linked_bytes", "took_ms"}
[[nodiscard]] std::string backup_json(const BackupReport& report);

}  // namespace headgate::store
