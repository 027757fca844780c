// What the store says of itself, and copies of it.
#include <filesystem>
#include <utility>

#include "store/accounts/queue_table.h"
#include "store/rocks/db/backup.h"
#include "store/rocks/store.h"

namespace headgate::store {
namespace {

uint64_t property(const RocksDb& db, rocksdb::ColumnFamilyHandle* family, const std::string& name) {
  uint64_t value = 0;
  return db.db().GetIntProperty(family, name, &value) ? value : 0;
}

std::vector<uint64_t> level_files(const RocksDb& db, rocksdb::ColumnFamilyHandle* family) {
  std::vector<uint64_t> files;
  for (int level = 0; level < db.db().NumberLevels(family); ++level) {
    std::string count;
    const std::string name = rocksdb::DB::Properties::kNumFilesAtLevelPrefix + std::to_string(level);
    files.push_back(db.db().GetProperty(family, name, &count) ? std::stoull(count) : 0);
  }
  while (!files.empty() && files.back() == 0) files.pop_back();
  return files;
}

StoreStats stats_of(const RocksDb& db, const Meta& meta, const QueueTable& table) {
  StoreStats stats;
  stats.identity = meta.identity;
  stats.copied_ms = meta.copied_ms;
  for (rocksdb::ColumnFamilyHandle* family : db.all()) {
    stats.families.push_back(
        {family->GetName(), property(db, family, rocksdb::DB::Properties::kTotalSstFilesSize),
         property(db, family, rocksdb::DB::Properties::kEstimateLiveDataSize), level_files(db, family)});
  }
  for (const auto& [id, queue] : table.all()) {
    stats.queued += queue->stats.waiting();
    stats.queued_bytes += queue->stats.waiting_bytes();
  }
  return stats;
}

}  // namespace

StoreStats RocksStore::store_stats() const {
  StoreStats stats = db_ ? stats_of(*db_, meta_, table_) : StoreStats();
  stats.identity = meta_.identity;
  stats.copied_ms = 0;
  const WrittenBytes now = db_ ? db_->written() : WrittenBytes();
  stats.wal_bytes = db_ ? db_->live_wal_bytes() : 0;
  stats.written = written_before_;
  stats.written->wal_bytes += now.wal;
  stats.written->table_bytes += now.tables;
  stats.written->other_bytes += now.other;
  stats.written->payload_bytes = payload_bytes_;
  stats.memory = store_memory();
  return stats;
}

StoreMemory RocksStore::store_memory() const {
  StoreMemory memory;
  memory.cache = {db_ ? db_->cached_bytes() : 0, options_.cache_bytes};
  memory.memtables = {db_ ? db_->memtable_bytes() : 0, memtable_bytes_max(options_)};
  memory.tail = {path_.tail().bytes(), options_.tail_bytes};
  memory.index = {path_.rows().bytes(), path_.rows().bytes_max()};
  memory.in_flight = {open_.bytes + open_.held_bytes, 2 * kOpenBytesMax};
  if (in_flight_) memory.in_flight.bytes += in_flight_->bytes + in_flight_->held_bytes;
  return memory;
}

// The database is about to be closed; the next one counts from zero.
void RocksStore::count_written() {
  if (!db_) return;
  const WrittenBytes now = db_->written();
  written_before_.wal_bytes += now.wal;
  written_before_.table_bytes += now.tables;
  written_before_.other_bytes += now.other;
}

void RocksStore::back_up(const std::string& dir, OnBackedUp done) {
  if (!db_) {
    return on_loop([done = std::move(done)] {
      done(core::fail(core::Errc::unavailable, "the store is being opened again; try in some seconds"));
    });
  }
  housekeeper_.post([this, db = db_, dir, done = std::move(done), alive = std::weak_ptr(alive_),
                     &executor = executor_]() mutable {
    auto report = std::make_shared<core::Result<BackupReport>>(store::back_up(*db, dir));
    db.reset();  // whoever closes it does not wait for the loop
    executor.post([this, alive, report, done = std::move(done)] {
      if (!alive.lock()) return;
      if (*report) {
        log_.info("store_backed_up", {{"dir", (*report)->dir},
                                      {"bytes", (*report)->bytes},
                                      {"linked_bytes", (*report)->linked_bytes},
                                      {"took_ms", (*report)->took_ms}});
      } else {
        log_.error("store_not_backed_up", {{"error", report->error().what}});
      }
      done(*report);
    });
  });
}

core::Result<StoreStats> read_store_stats(const std::string& store_dir) {
  StoreOptions options;
  options.dir = store_dir;
  const auto db = RocksDb::open(options, RocksDb::Mode::read_only);
  if (!db) return core::fail(db.error());
  const auto meta = (*db)->read_meta();
  if (!meta) return core::fail(meta.error());
  auto queues = (*db)->read_queues();
  if (!queues) return core::fail(queues.error());
  StoreStats stats = stats_of(**db, *meta, QueueTable(*std::move(queues)));
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(store_dir, error)) {
    if (file.path().extension() == ".log") stats.wal_bytes += file.file_size(error);
  }
  return stats;
}

}  // namespace headgate::store
