// A file system for RocksDB that dies on command, and that can forget what was never synced.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace headgate::testing {

// Writes, syncs, renames and new files are counted; from the `fail_from`-th on, all of them fail, as on a
// disk that went away. cut_power() then takes from every file what was not synced.
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFileSystem"; }

  void fail_from(uint64_t operation);
  [[nodiscard]] uint64_t operations() const;

  // Cuts every file that was written through here back to its last sync. Nothing may have it open.
  // `torn` leaves half of what was not synced in the write-ahead log, as a torn write does.
  void cut_power(bool torn);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // For the files: counts one operation; not ok if the disk is dead.
  rocksdb::IOStatus operate();
  void synced(const std::string& name, uint64_t size);

 private:
  mutable std::mutex mutex_;
  uint64_t operations_ = 0;
  uint64_t fail_from_ = ~uint64_t{0};
  std::map<std::string, uint64_t> synced_;  // size at the last sync, by path
};

}  // namespace headgate::testing
