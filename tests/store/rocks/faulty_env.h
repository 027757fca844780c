// A file system for RocksDB that dies, fills up or heals on command, and that can forget what was never
// synced.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tests/store/rocks/names_on_disk.h"

namespace headgate::testing {

// Writes, syncs, renames, new files and syncs of directories are counted; some of them can be told to fail.
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  enum class Fault { gone, no_space };
  static constexpr uint64_t kForEver = ~uint64_t{0};

  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFileSystem"; }

  // Counts from 0 again: operations `operation` to operation + count - 1 fail. A disk that is gone also
  // deletes nothing; one that is full takes new bytes from nobody, but syncs, renames and deletes.
  void fail_from(uint64_t operation, Fault fault = Fault::gone, uint64_t count = kForEver);
  void heal() { fail_from(kForEver); }
  [[nodiscard]] uint64_t operations() const;

  // Takes from every file that was written through here what was not synced, and undoes files and renames
  // whose directory was not synced. Nothing may be open. `torn` says how many of the unsynced bytes of a
  // write-ahead log are there all the same, as after a torn write.
  // With keep_names() also takes each name that no sync of its directory has covered, of RocksDB's files and of
  // others, and of directories.
  using Torn = std::function<uint64_t(uint64_t unsynced)>;
  void cut_power(const Torn& torn);

  // From now on names in `root` are known, at any depth.
  void keep_names(const std::string& root) { names_.emplace(root); }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // For the files: counts one operation; not ok if it is to fail. `writes`: it needs space.
  rocksdb::IOStatus operate(bool writes);
  void synced(const std::string& name, uint64_t size);
  void directory_synced();

 private:
  [[nodiscard]] bool failing() const;

  mutable std::mutex mutex_;
  uint64_t operations_ = 0;
  uint64_t fail_from_ = kForEver;
  uint64_t fail_count_ = kForEver;
  Fault fault_ = Fault::gone;
  std::map<std::string, uint64_t> synced_;  // size at the last sync, by path
  std::set<std::string> new_files_;         // whose names no sync of a directory has covered
  std::optional<NamesOnDisk> names_;
  std::map<std::string, std::string> overwritten_;  // by a rename likewise: what was there; empty = nothing
};

// Such a file system as an Env whose background threads do not sleep: RocksDB waits a second after each flush
// that failed, and closing waits for that.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_faulty_env(const std::shared_ptr<rocksdb::FileSystem>& disk);

}  // namespace headgate::testing
