// The RocksDB database of a store: how it is opened, its column families, keys and small rows.
// Only store/rocks_*.cc include this.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/block.h"
#include "store/group.h"
#include "store/queue_state.h"
#include "store/rocks_disk_guard.h"
#include "store/rocks_queue_store.h"

namespace headgate::store {

// RocksDB's status as an error a person can act on; `doing` completes "while …".
[[nodiscard]] core::Error to_error(const rocksdb::Status& status, std::string_view doing);

inline constexpr uint32_t kFormatVersion = 1;

// Keys of the meta rows (column family "default").
inline constexpr std::string_view kMetaFormat = "format";
inline constexpr std::string_view kMetaHub = "hub";
inline constexpr std::string_view kMetaEpoch = "epoch";
inline constexpr std::string_view kMetaNextSeq = "next_seq";
inline constexpr std::string_view kMetaNextQueue = "next_queue";
inline constexpr std::string_view kMetaClean = "clean";

// Rows of `cur`: an id is followed by what the row holds.
inline constexpr uint8_t kQueueNameRow = 0;
inline constexpr uint8_t kQueueStateRow = 1;

struct Meta {
  Identity identity;
  Seq next_seq = 1;  // after a clean stop the next; otherwise a bound that no used seq reaches
  QueueId next_queue = 1;
  bool clean = false;
};

[[nodiscard]] std::string index_key(LaneId lane, Seq last);
[[nodiscard]] std::string block_key(Seq id);
[[nodiscard]] std::string queue_name_key(QueueId queue);
[[nodiscard]] std::string queue_state_key(QueueId queue);

// The last seq in an index key.
[[nodiscard]] Seq index_key_last(const rocksdb::Slice& key);

// Holds RocksDB's lock file, so that no other process can open the store.
class DirLock {
 public:
  DirLock(rocksdb::Env* env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}
  ~DirLock();
  DirLock(const DirLock&) = delete;
  DirLock& operator=(const DirLock&) = delete;

 private:
  rocksdb::Env* env_;
  rocksdb::FileLock* lock_;
};

class RocksDb {
 public:
  enum class Mode { make, read_write, read_only };

  // Opens what is in options.dir or, with Mode::make, makes it. Errors: see open_queue_store().
  static core::Result<std::unique_ptr<RocksDb>> open(const StoreOptions& options, Mode mode);
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return handles_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* blk() const { return handles_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* idx() const { return handles_[2]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* cur() const { return handles_[3]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* kv() const { return handles_[4]; }
  [[nodiscard]] const std::vector<rocksdb::ColumnFamilyHandle*>& all() const { return handles_; }

  // The meta rows. Errors: not_found (none: a store that is being made), invalid (newer format), corrupt, io.
  [[nodiscard]] core::Result<Meta> read_meta() const;

  // Every queue, in id order. Errors: corrupt, io.
  [[nodiscard]] core::Result<std::vector<std::unique_ptr<QueueState>>> read_queues() const;

  // Writes a group, encoding its segments first. On the writer thread. Errors: io, full, corrupt. After one,
  // here or in what RocksDB does by itself, nothing reaches the disk any more: close this and open it again.
  [[nodiscard]] core::Status write(Group& group, bool sync) const;

  [[nodiscard]] core::Status sync_wal() const;

  // An error if write() would fail. On any thread.
  [[nodiscard]] core::Status check_disk() const;

  // Gives back the space of blocks below `floor`, which what is written must say are all dead; syncs that
  // first, and does nothing if it cannot. `all` = also merges what else is dead. On any thread.
  void reclaim(Seq floor, bool all) const;

 private:
  // The file system that the database is on, guarded against what comes after an error.
  struct Disk {
    explicit Disk(rocksdb::Env* base);
    std::shared_ptr<DiskGuard> guard;
    std::unique_ptr<rocksdb::Env> env;
  };

  RocksDb(std::string dir, Disk disk, rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> handles)
      : dir_(std::move(dir)), disk_(std::move(disk)), db_(db), handles_(std::move(handles)) {}

  [[nodiscard]] core::Status checked(const rocksdb::Status& status, std::string_view doing) const;

  std::string dir_;
  Disk disk_;
  std::unique_ptr<DirLock> lock_;  // read_only; a database that can be written holds the lock itself
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace headgate::store
