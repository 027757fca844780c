// Numbers that the store gives of itself, and copies of it.
#include <filesystem>
#include <utility>

#include "store/accounts/queue_table.h"
#include "store/rocks/db/backup.h"
#include "store/rocks/mend/torn_end.h"
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

// From counters in memory: nothing is read from the disk, and no lock is held for long.
RocksStats rocks_stats(const RocksDb& db) {
  RocksStats stats;
  stats.compactions_running =
      property(db, db.db().DefaultColumnFamily(), rocksdb::DB::Properties::kNumRunningCompactions);
  stats.flushes_running =
      property(db, db.db().DefaultColumnFamily(), rocksdb::DB::Properties::kNumRunningFlushes);
  stats.stalled =
      property(db, db.db().DefaultColumnFamily(), rocksdb::DB::Properties::kActualDelayedWriteRate) != 0 ||
      property(db, db.db().DefaultColumnFamily(), rocksdb::DB::Properties::kIsWriteStopped) != 0;
  for (rocksdb::ColumnFamilyHandle* family : db.all()) {
    stats.pending_compaction_bytes +=
        property(db, family, rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
    rocksdb::ColumnFamilyMetaData files;
    db.db().GetColumnFamilyMetaData(family, &files);
    if (stats.levels.size() < files.levels.size()) stats.levels.resize(files.levels.size());
    for (const rocksdb::LevelMetaData& level : files.levels) {
      LevelStats& sum = stats.levels[static_cast<size_t>(level.level)];
      sum.files += level.files.size();
      sum.bytes += level.size;
    }
  }
  while (!stats.levels.empty() && stats.levels.back().files == 0) stats.levels.pop_back();
  return stats;
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

void log_backup(core::Log& log, const core::Result<BackupReport>& report) {
  if (!report) return log.error("store_not_backed_up", {{"error", report.error().what}});
  log.info("store_backed_up", {{"dir", report->dir},
                               {"bytes", report->bytes},
                               {"linked_bytes", report->linked_bytes},
                               {"took_ms", report->took_ms}});
}

}  // namespace

StoreStats RocksStore::store_stats() const {
  const RocksDb* db = running_.db.get();
  StoreStats stats = db != nullptr ? stats_of(*db, running_.meta, running_.table) : StoreStats();
  stats.identity = running_.meta.identity;
  stats.copied_ms = 0;
  const WrittenBytes now = db != nullptr ? db->written() : WrittenBytes();
  stats.wal_bytes = db != nullptr ? db->live_wal_bytes() : 0;
  stats.written = recovery_.written_before();
  stats.written->wal_bytes += now.wal;
  stats.written->table_bytes += now.tables;
  stats.written->other_bytes += now.other;
  stats.written->payload_bytes = intake_.payload_bytes();
  stats.memory = store_memory();
  stats.sync = sync_times();
  if (db != nullptr) stats.rocks = rocks_stats(*db);
  return stats;
}

std::vector<std::string> RocksStore::stalled() const { return stalls_.hanging(); }

StoreMemory RocksStore::store_memory() const {
  const RocksDb* db = running_.db.get();
  const RocksReadPath& path = running_.path;
  const StoreOptions& options = running_.options;
  StoreMemory memory;
  memory.cache = {db != nullptr ? db->cached_bytes() : 0, options.cache_bytes};
  memory.memtables = {db != nullptr ? db->memtable_bytes() : 0, memtable_bytes_max(options)};
  memory.tail = {path.tail().bytes(), options.tail_bytes};
  memory.index = {path.rows().bytes(), path.rows().bytes_max()};
  memory.in_flight = {committer_.held_bytes(), 2 * kOpenBytesMax};
  return memory;
}

void RocksStore::back_up(const std::string& dir, OnBackedUp done) {
  if (!running_.db) {
    return running_.background.post([done = std::move(done)] {
      done(core::fail(core::Errc::unavailable, "the store is being opened again; try in some seconds"));
    });
  }
  const auto copy = [db = running_.db, dir] { return store::back_up(*db, dir); };
  const auto then = [this, done = std::move(done)](const core::Result<BackupReport>& report) {
    log_backup(running_.log, report);
    done(report);
  };
  running_.background.run_for_any(Background::Thread::housekeeper, copy, then);
}

core::Result<StoreStats> read_store_stats(const std::string& store_dir) {
  StoreOptions options;
  options.dir = store_dir;
  const auto db = open_to_read(options);
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
