// A file system for RocksDB with only so much room, which somebody else may fill up.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/disk/volume.h"

namespace headgate::testing {

// Counts appends, new files and syncs. What does not fit is written as far as it does.
class SmallDisk : public rocksdb::FileSystemWrapper, public store::Volume {
 public:
  static constexpr uint64_t kNever = ~uint64_t{0};

  explicit SmallDisk(uint64_t bytes)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), total_(bytes), room_(bytes) {}
  const char* Name() const override { return "SmallDisk"; }

  // Somebody takes all the room that is left just before the `operation`-th operation from now.
  void fill_up_at(uint64_t operation);
  // He deletes it again.
  void clear_out();
  [[nodiscard]] uint64_t operations() const;
  [[nodiscard]] bool filled() const;

  core::Result<store::DiskSpace> space() override;
  core::Status set_aside(uint64_t bytes) override;
  bool give_back() override;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // For the files: counts one operation, and gives as much of `bytes` as there is.
  uint64_t take(const std::string& name, uint64_t bytes);

 private:
  void forget(const std::string& name);

  mutable std::mutex mutex_;
  uint64_t total_;
  uint64_t room_;
  uint64_t reserved_ = 0;
  uint64_t foreign_ = 0;
  uint64_t operations_ = 0;
  uint64_t fill_up_at_ = kNever;
  bool filled_ = false;
  std::map<std::string, uint64_t> sizes_;
};

}  // namespace headgate::testing
