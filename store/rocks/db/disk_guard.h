// Between RocksDB and the file system: at the first write, sync, rename or new file that fails, the directory
// is frozen as it is. RocksDB goes on as if nothing had been, on paper, until it is closed; then the database
// is opened again and recovers as after a power cut. So one way of failing is left, and that one is tested.
//
// Why RocksDB does not see the error itself: 7.8.3 as Debian builds it ends the process by an assertion when
// a log is synced whose earlier write or sync failed, which its flush does in a race with a failing write.
// docs/adr/0018 has the choice.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/result.h"

namespace headgate::store {

// Bytes given to the files of the directory since it was opened.
struct WrittenBytes {
  uint64_t wal = 0;
  uint64_t tables = 0;  // by flushes and compactions
  uint64_t other = 0;   // manifests, options, RocksDB's own log
};

// All functions may be called on any thread. What lies outside `dir`, as a copy that is being made, is not
// guarded: an error there is RocksDB's to report.
class DiskGuard : public rocksdb::FileSystemWrapper {
 public:
  DiskGuard(const std::shared_ptr<rocksdb::FileSystem>& disk, std::string dir)
      : FileSystemWrapper(disk), dir_(std::move(dir)) {}
  const char* Name() const override { return "HeadgateDiskGuard"; }

  // From now on an error freezes the directory. Before, while a database is opened, it is just an error.
  void arm() { armed_ = true; }

  [[nodiscard]] bool frozen() const { return frozen_.load(std::memory_order_acquire); }
  // The error that froze it; ok before.
  [[nodiscard]] rocksdb::IOStatus cause() const;

  // From now on nothing is written outside the directory: a copy that is being made fails soon.
  void stop_copies() { copies_stopped_ = true; }
  [[nodiscard]] bool copies_stopped() const { return copies_stopped_ || frozen(); }

  [[nodiscard]] WrittenBytes written() const { return {wal_bytes_, table_bytes_, other_bytes_}; }
  // In the write-ahead logs that are there.
  [[nodiscard]] uint64_t live_wal_bytes() const;

  // The result of an operation that changed the disk, or would have: ok if that froze it.
  rocksdb::IOStatus seen(rocksdb::IOStatus status);

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

 private:
  using Counter = std::atomic<uint64_t>;

  [[nodiscard]] bool guards(const std::string& name) const {
    return name.starts_with(dir_) && (name.size() == dir_.size() || name[dir_.size()] == '/');
  }
  [[nodiscard]] Counter& counter_of(const std::string& name);
  [[nodiscard]] std::shared_ptr<Counter> size_of(const std::string& name);

  const std::string dir_;
  std::atomic<bool> copies_stopped_ = false;
  Counter wal_bytes_ = 0;
  Counter table_bytes_ = 0;
  Counter other_bytes_ = 0;
  std::map<std::string, std::shared_ptr<Counter>> logs_;  // with their sizes; under mutex_
  std::atomic<bool> armed_ = false;
  std::atomic<bool> frozen_ = false;
  mutable std::mutex mutex_;
  rocksdb::IOStatus cause_;
};

// The system, or `base` if that is not null, behind `guard`. `base` is borrowed.
[[nodiscard]] std::unique_ptr<rocksdb::Env> make_guarded_env(rocksdb::Env* base,
                                                             const std::shared_ptr<DiskGuard>& guard);

}  // namespace headgate::store
