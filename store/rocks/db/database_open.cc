// Opening the database: what may lie in its directory, who may have it, and with what options.
#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "store/disk/names.h"
#include "store/disk/quarantine.h"
#include "store/disk/volume.h"
#include "store/rocks/db/database.h"

namespace headgate::store {
namespace {

using core::Errc;

// Files of a family's first level that would slow down or stop writing: more than there ever are.
constexpr int kNeverTooManyFiles = 1 << 20;

rocksdb::WALRecoveryMode recovery_mode(RocksDb::Mode mode, LogEnd end) {
  const bool passes_over = mode == RocksDb::Mode::salvage || end == LogEnd::past_damage;
  if (passes_over) return rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  if (end == LogEnd::at_damage) return rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
}

rocksdb::DBOptions db_options(const StoreOptions& options, RocksDb::Mode mode, LogEnd end, rocksdb::Env* env,
                              const std::shared_ptr<rocksdb::Cache>& cache, LogWitness* witness) {
  rocksdb::DBOptions db;
  db.env = env;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = mode != RocksDb::Mode::salvage;
  db.wal_recovery_mode = recovery_mode(mode, end);
  db.wal_filter = witness;
  db.max_total_wal_size = 4 * options.disk_use.unit_bytes;
  db.max_background_jobs = 2;
  db.max_open_files = options.tables_open_max;
  db.max_file_opening_threads = 1;  // starting more takes longer than what they do
  db.max_manifest_file_size = 4u << 20;
  db.manifest_preallocation_size = options.disk_use.unit_bytes / 4;
  // A buffer a file, of memory that is new to the process each time: RocksDB's 1 MiB cost more in page faults than larger
  // writes save.
  db.writable_file_max_buffer_size = 64u << 10;
  db.max_log_file_size = 1u << 20;
  db.keep_log_file_num = 2;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.skip_stats_update_on_db_open = true;
  db.skip_checking_sst_file_sizes_on_db_open = true;
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(memtable_bytes_max(options), cache);
  return db;
}

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                            size_t write_buffer_bytes, const DiskUse& disk_use) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(128, 64));
  family.write_buffer_size = std::min<uint64_t>(write_buffer_bytes, 2 * disk_use.unit_bytes);
  family.arena_block_size = 64u << 10;
  family.target_file_size_base = disk_use.unit_bytes;
  family.max_bytes_for_level_base = 4 * disk_use.unit_bytes;
  family.max_compaction_bytes = 4 * disk_use.unit_bytes;
  family.disable_auto_compactions = !disk_use.compacts;
  family.level0_slowdown_writes_trigger = 8;
  family.level0_stop_writes_trigger = 16;
  family.ttl = 0;  // no rewriting of what merely lies there long
  family.compression = rocksdb::kLZ4Compression;
  return family;
}

// `salvage`: nothing is compacted, whatever lies there.
std::vector<rocksdb::ColumnFamilyDescriptor> families(const std::vector<std::string>& names,
                                                      const std::shared_ptr<rocksdb::Cache>& cache,
                                                      bool salvage, const DiskUse& disk_use) {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (const std::string& name : names) {
    const bool big = family_of(name) == "blk";
    all.emplace_back(name, family_options(cache, big ? 8u << 20 : 2u << 20, disk_use));
    if (!salvage) continue;
    all.back().options.disable_auto_compactions = true;
    all.back().options.level0_slowdown_writes_trigger = kNeverTooManyFiles;
    all.back().options.level0_stop_writes_trigger = kNeverTooManyFiles;
  }
  return all;
}

// The process that holds RocksDB's lock file, or 0. Never for a file that this process has locked: closing
// the descriptor would let go of that lock (POSIX fcntl).
pid_t lock_holder(const std::string& dir) {
  const int fd = ::open((dir + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  return held ? lock.l_pid : 0;
}

// Names that may lie in a new store's directory: the hub's sockets, a file system's own, and what a first start
// that was cut short left.
bool may_be_there(const std::filesystem::directory_entry& file) {
  const std::string name = file.path().filename().string();
  std::error_code ignored;
  return file.is_socket(ignored) || name == "lost+found" || name == "LOCK" || name == "IDENTITY" ||
         name.starts_with("LOG") || name.starts_with("MANIFEST") || name.ends_with(".dbtmp") ||
         name == kReserveFileName;
}

// Contents of the directory before it is opened.
enum class Content { nothing, store };

core::Result<Content> look_into(const std::string& dir) {
  std::error_code error;
  if (!std::filesystem::exists(dir, error) && !error) return Content::nothing;
  std::filesystem::directory_iterator files(dir, error);
  if (error)
    return fail_store(Errc::io, dir, "cannot be read: " + error.message() + "; check its owner and mode");
  if (std::filesystem::exists(dir + "/CURRENT", error)) return Content::store;
  for (const auto& file : files) {
    if (may_be_there(file)) continue;
    return fail_store(Errc::invalid, dir,
                      "is not a Headgate store and not empty (it holds " + file.path().filename().string() +
                          "); name an empty or new directory");
  }
  return Content::nothing;
}

// Families to open: each of our families under the name that it has in `present`, then those that were to take
// the place of one and did not come to it.
std::vector<std::string> to_open(std::vector<std::string> present) {
  std::ranges::sort(present, {}, generation_of);
  std::vector<std::string> names;
  for (const std::string_view family : kFamilies) {
    const auto found = std::ranges::find(present, family, family_of);
    names.push_back(found != present.end() ? *found : std::string(family));
    if (found != present.end()) present.erase(found);
  }
  names.insert(names.end(), present.begin(), present.end());
  return names;
}

// An existing database is ours if it has no families but ours. One with only "default" may be a store whose
// making was cut short, or anybody's: it is ours if it is empty. Returns what to_open().
core::Result<std::vector<std::string>> check_families(const StoreOptions& options,
                                                      const rocksdb::DBOptions& db_opts) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(db_opts, options.dir, &names);
  if (!listed.ok()) return core::fail(to_error(listed, "opening the store in " + options.dir));
  const auto known = [](const std::string& name) {
    return std::ranges::find(kFamilies, family_of(name)) != kFamilies.end();
  };
  const auto foreign = fail_store(Errc::invalid, options.dir,
                                  "is a RocksDB database, but not Headgate's; name another directory");
  if (!std::ranges::all_of(names, known)) return foreign;
  if (names.size() > 1) return to_open(std::move(names));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(rocksdb::Options(db_opts, {}), options.dir, &opened);
  if (!status.ok()) return core::fail(to_error(status, "opening the store in " + options.dir));
  const std::unique_ptr<rocksdb::DB> db(opened);
  const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator({}));
  rows->SeekToFirst();
  if (rows->Valid()) return foreign;
  return to_open({});
}

// Null if the file cannot be locked for want of permission and nobody holds it.
core::Result<std::unique_ptr<DirLock>> lock_dir(const StoreOptions& options) {
  rocksdb::Env* env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status status = env->LockFile(options.dir + "/LOCK", &lock);
  if (status.ok()) return std::make_unique<DirLock>(env, lock);
  if (status.ToString().find("lock hold by current process") != std::string::npos) {
    return fail_store(Errc::unavailable, options.dir, "is in use by this process already");
  }
  const pid_t holder = lock_holder(options.dir);
  if (holder == 0) return std::unique_ptr<DirLock>();
  return fail_store(
      Errc::unavailable, options.dir,
      "is in use by process " + std::to_string(holder) + "; stop it, or ask it over its admin socket");
}

}  // namespace

core::Result<std::unique_ptr<RocksDb>> RocksDb::open(const StoreOptions& options, Mode mode,
                                                     const std::shared_ptr<LogWitness>& witness, LogEnd end) {
  const auto content = look_into(options.dir);
  if (!content) return core::fail(content.error());
  if (*content == Content::nothing && mode != Mode::make) {
    return fail_store(Errc::not_found, options.dir, "there is no store here");
  }
  if (auto made = make_directories(options.dir); !made)
    return core::fail(made.error().code, "store " + made.error().what);
  core::Result<std::unique_ptr<DirLock>> lock = std::unique_ptr<DirLock>();
  if (mode != Mode::view) lock = lock_dir(options);
  if (!lock) return core::fail(lock.error());
  if (witness != nullptr && mode != Mode::read_only) Quarantine(options.dir).hold_logs();
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes, 2);
  Disk disk(options.env != nullptr ? options.env : rocksdb::Env::Default(), options.dir);
  const auto dead_blocks = std::make_shared<DeadBlocks>();
  rocksdb::DBOptions db_opts = db_options(options, mode, end, disk.env.get(), cache, witness.get());
  if (mode == Mode::view) db_opts.max_open_files = -1;  // they may be deleted any time
  db_opts.listeners.push_back(dead_blocks);
  auto names = *content == Content::store ? check_families(options, db_opts) : to_open({});
  if (!names) return core::fail(names.error());
  auto described = families(*names, cache, mode == Mode::salvage, options.disk_use);
  described[kBlkFamily].options.compaction_filter_factory = dead_blocks;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status;
  if (mode == Mode::view) {
    status =
        rocksdb::DB::OpenAsSecondary(db_opts, options.dir, options.scratch_dir, described, &handles, &db);
  } else if (mode != Mode::read_only) {
    lock->reset();  // RocksDB takes it
    status = rocksdb::DB::Open(db_opts, options.dir, described, &handles, &db);
  } else {
    status = rocksdb::DB::OpenForReadOnly(db_opts, options.dir, described, &handles, &db);
  }
  if (!status.ok()) return core::fail(store::to_error(status, "opening the store in " + options.dir));
  disk.guard->arm();
  std::unique_ptr<RocksDb> opened(new RocksDb(options.dir, std::move(disk), db_opts, cache, dead_blocks));
  opened->witness_ = witness;
  opened->db_.reset(db);
  opened->handles_ = std::move(handles);
  opened->lock_ = *std::move(lock);
  if (mode == Mode::read_only || mode == Mode::view) return opened;
  // All of the log is in files by now. The mark says so before anything new is written: a first record that is torn
  // is the end of the log then, and no damage.
  opened->synced_ = std::make_unique<SyncMark>(options.dir, SyncedUpTo{db->GetLatestSequenceNumber(), 0});
  if (auto dropped = opened->drop_leftovers(); !dropped) return core::fail(dropped.error());
  return opened;
}

// Left by a replacement that was cut short.
core::Status RocksDb::drop_leftovers() {
  while (handles_.size() > kFamilies.size()) {
    const rocksdb::Status dropped = db_->DropColumnFamily(handles_.back());
    if (!dropped.ok()) return core::fail(to_error(dropped, "opening the store in " + dir_));
    db_->DestroyColumnFamilyHandle(handles_.back());
    handles_.pop_back();
  }
  return {};
}

RocksDb::Disk::Disk(rocksdb::Env* base, const std::string& dir)
    : guard(std::make_shared<DiskGuard>(base->GetFileSystem(), dir)), env(make_guarded_env(base, guard)) {}

DirLock::~DirLock() { env_->UnlockFile(lock_).PermitUncheckedError(); }

RocksDb::~RocksDb() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
}

}  // namespace headgate::store
