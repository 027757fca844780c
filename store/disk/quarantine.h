// Where files that were found damaged are kept: `quarantine/` in the store's directory, a folder for each
// time.
//
// While a store is opened, its logs are linked into `quarantine/pending/`: RocksDB deletes a log once it has
// read it, also one whose end was not readable. Once healing has begun, `pending/cause` says so until it is
// done, whatever happens in between. Blocking; no two for one directory at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace headgate::store {

// Where the files are whose damage ended the epoch before `epoch`.
[[nodiscard]] std::string quarantine_folder(const std::string& store_dir, std::string_view epoch);

class Quarantine {
 public:
  explicit Quarantine(std::string store_dir);

  // Healing that was begun and not finished: its cause. Empty: none.
  [[nodiscard]] std::string unfinished() const;

  // Links the logs. Not all file systems can; then logs are not kept.
  void hold_logs();
  // Releases the logs: they were in order. Removes what is empty.
  void release_logs();

  // From now on unfinished() says `cause`, also after a power cut. Errors: io, full.
  core::Status begin(std::string_view cause);

  // Keeps a damaged file of the store's directory (links, else copies it).
  void keep(const std::string& file_name);

  // Ends what begin() began: puts the report there, and everything into the folder of `epoch`. Errors: io,
  // full.
  core::Status finish(std::string_view epoch, std::string_view report);

  // The names of the files kept since begin(), and of the logs.
  [[nodiscard]] std::vector<std::string> files() const;

 private:
  std::string store_dir_;
  std::string root_;
  std::string pending_;
};

}  // namespace headgate::store
