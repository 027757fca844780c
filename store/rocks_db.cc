#include "store/rocks_db.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_buffer_manager.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include "store/quarantine.h"
#include "store/varint.h"

namespace headgate::store {
namespace {

using core::Errc;

constexpr std::chrono::milliseconds kFlushPoll{2};

rocksdb::WALRecoveryMode recovery_mode(RocksDb::Mode mode) {
  if (mode == RocksDb::Mode::drop_torn_end) return rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  if (mode == RocksDb::Mode::salvage) return rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  return rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
}

rocksdb::DBOptions db_options(const StoreOptions& options, RocksDb::Mode mode, rocksdb::Env* env,
                              const std::shared_ptr<rocksdb::Cache>& cache, LogWitness* witness) {
  rocksdb::DBOptions db;
  db.env = env;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = mode != RocksDb::Mode::salvage;
  db.wal_recovery_mode = recovery_mode(mode);
  db.wal_filter = witness;
  db.max_total_wal_size = 4 * options.thrift.unit_bytes;
  db.max_background_jobs = 2;
  db.max_open_files = -1;
  db.max_file_opening_threads = 1;  // starting more takes longer than what they do
  db.max_manifest_file_size = 4u << 20;
  db.manifest_preallocation_size = options.thrift.unit_bytes / 4;
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
                                            size_t write_buffer_bytes, const Thrift& thrift) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(128, 64));
  family.write_buffer_size = std::min<uint64_t>(write_buffer_bytes, 2 * thrift.unit_bytes);
  family.arena_block_size = 64u << 10;
  family.target_file_size_base = thrift.unit_bytes;
  family.max_bytes_for_level_base = 4 * thrift.unit_bytes;
  family.max_compaction_bytes = 4 * thrift.unit_bytes;
  family.disable_auto_compactions = !thrift.compacts;
  family.level0_slowdown_writes_trigger = 8;
  family.level0_stop_writes_trigger = 16;
  family.ttl = 0;  // no rewriting of what merely lies there long
  family.compression = rocksdb::kLZ4Compression;
  return family;
}

// `salvage`: nothing is merged, whatever lies there.
std::vector<rocksdb::ColumnFamilyDescriptor> families(const std::vector<std::string>& names,
                                                      const std::shared_ptr<rocksdb::Cache>& cache,
                                                      bool salvage, const Thrift& thrift) {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (const std::string& name : names) {
    const bool big = family_of(name) == "blk";
    all.emplace_back(name, family_options(cache, big ? 8u << 20 : 2u << 20, thrift));
    if (!salvage) continue;
    all.back().options.disable_auto_compactions = true;
    all.back().options.level0_slowdown_writes_trigger = all.back().options.level0_stop_writes_trigger = 1
                                                                                                        << 20;
  }
  return all;
}

core::Unexpected refuse(Errc code, const std::string& dir, const std::string& what) {
  return core::fail(code, "store " + dir + ": " + what);
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

// What may lie in a new store's directory: the hub's sockets, a file system's own, and what a first start
// that was cut short left.
bool may_be_there(const std::filesystem::directory_entry& file) {
  const std::string name = file.path().filename().string();
  std::error_code ignored;
  return file.is_socket(ignored) || name == "lost+found" || name == "LOCK" || name == "IDENTITY" ||
         name.starts_with("LOG") || name.starts_with("MANIFEST") || name.ends_with(".dbtmp") ||
         name == kReserveFileName;
}

// What is in the directory before it is opened.
enum class Content { nothing, store };

core::Result<Content> look_into(const std::string& dir) {
  std::error_code error;
  if (!std::filesystem::exists(dir, error) && !error) return Content::nothing;
  std::filesystem::directory_iterator files(dir, error);
  if (error)
    return refuse(Errc::io, dir, "cannot be read: " + error.message() + "; check its owner and mode");
  if (std::filesystem::exists(dir + "/CURRENT", error)) return Content::store;
  for (const auto& file : files) {
    if (may_be_there(file)) continue;
    return refuse(Errc::invalid, dir,
                  "is not a Headgate store and not empty (it holds " + file.path().filename().string() +
                      "); name an empty or new directory");
  }
  return Content::nothing;
}

// 1 for "idx", 2 for "idx.2".
unsigned long generation_of(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? 1 : std::strtoul(name.c_str() + dot + 1, nullptr, 10);
}

// What to open: each of our families under the name that it has in `present`, then those that were to take
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
  const auto foreign =
      core::fail(Errc::invalid, "store " + options.dir +
                                    ": is a RocksDB database, but not Headgate's; name another directory");
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
    return refuse(Errc::unavailable, options.dir, "is in use by this process already");
  }
  const pid_t holder = lock_holder(options.dir);
  if (holder == 0) return std::unique_ptr<DirLock>();
  return refuse(
      Errc::unavailable, options.dir,
      "is in use by process " + std::to_string(holder) + "; stop it, or ask it over its admin socket");
}

void put_or_delete(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family, const KeyValue& row) {
  if (row.value)
    batch.Put(family, row.key, *row.value);
  else
    batch.Delete(family, row.key);
}

template <typename T>
core::Result<T> decode_meta(const std::string& value, T (*decode)(Decoder&)) {
  Decoder in(value);
  const T decoded = decode(in);
  if (!in.at_end()) return core::fail(Errc::corrupt, "a meta row cannot be decoded");
  return decoded;
}

}  // namespace

core::Error to_error(const rocksdb::Status& status, std::string_view doing) {
  const std::string what = "while " + std::string(doing) + ": " + status.ToString();
  if (status.IsNoSpace()) return {Errc::full, what + "; free space on this file system"};
  if (status.IsCorruption()) return {Errc::corrupt, what};
  if (status.IsNotFound()) return {Errc::not_found, what};
  if (status.IsBusy() || status.IsTryAgain()) return {Errc::unavailable, what};
  return {Errc::io, what + "; check the device and the permissions"};
}

std::string index_key(LaneId lane, Seq last) {
  std::string key;
  put_u32_be(key, lane.queue);
  put_u8(key, lane.lane);
  put_u64_be(key, last);
  return key;
}

std::string block_key(Seq id) { return u64_bytes(id); }

std::string queue_name_key(QueueId queue) {
  std::string key;
  put_u32_be(key, queue);
  put_u8(key, kQueueNameRow);
  return key;
}

std::string queue_state_key(QueueId queue) {
  std::string key;
  put_u32_be(key, queue);
  put_u8(key, kQueueStateRow);
  return key;
}

Seq index_key_last(const rocksdb::Slice& key) {
  Decoder in(view(key).substr(5));
  return in.u64_be();
}

std::string_view family_of(std::string_view name) { return name.substr(0, name.find('.')); }

core::Result<std::unique_ptr<RocksDb>> RocksDb::open(const StoreOptions& options, Mode mode,
                                                     const std::shared_ptr<LogWitness>& witness) {
  const auto content = look_into(options.dir);
  if (!content) return core::fail(content.error());
  if (*content == Content::nothing && mode != Mode::make) {
    return refuse(Errc::not_found, options.dir, "there is no store here");
  }
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) return refuse(Errc::io, options.dir, "cannot be made: " + error.message());
  auto lock = lock_dir(options);
  if (!lock) return core::fail(lock.error());
  if (witness != nullptr) Quarantine(options.dir).hold_logs();
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes, 2);
  Disk disk(options.env != nullptr ? options.env : rocksdb::Env::Default(), options.dir);
  const rocksdb::DBOptions db_opts = db_options(options, mode, disk.env.get(), cache, witness.get());
  auto names = *content == Content::store ? check_families(options, db_opts) : to_open({});
  if (!names) return core::fail(names.error());
  const auto described = families(*names, cache, mode == Mode::salvage, options.thrift);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status;
  if (mode != Mode::read_only) {
    lock->reset();  // RocksDB takes it
    status = rocksdb::DB::Open(db_opts, options.dir, described, &handles, &db);
  } else {
    status = rocksdb::DB::OpenForReadOnly(db_opts, options.dir, described, &handles, &db);
  }
  if (!status.ok()) return core::fail(store::to_error(status, "opening the store in " + options.dir));
  disk.guard->arm();
  std::unique_ptr<RocksDb> opened(new RocksDb(options.dir, std::move(disk), db_opts, cache));
  opened->witness_ = witness;
  opened->db_.reset(db);
  opened->handles_ = std::move(handles);
  opened->lock_ = *std::move(lock);
  if (mode == Mode::read_only) return opened;
  opened->synced_ = std::make_unique<SyncMark>(options.dir);
  if (auto dropped = opened->drop_leftovers(); !dropped) return core::fail(dropped.error());
  return opened;
}

// Of a replacement that was cut short.
core::Status RocksDb::drop_leftovers() {
  while (handles_.size() > kFamilies.size()) {
    const rocksdb::Status dropped = db_->DropColumnFamily(handles_.back());
    if (!dropped.ok()) return core::fail(to_error(dropped, "opening the store in " + dir_));
    db_->DestroyColumnFamilyHandle(handles_.back());
    handles_.pop_back();
  }
  return {};
}

core::Result<rocksdb::ColumnFamilyHandle*> RocksDb::make_replacement(rocksdb::ColumnFamilyHandle* old) {
  rocksdb::ColumnFamilyDescriptor like;
  rocksdb::Status status = old->GetDescriptor(&like);
  const std::string name =
      std::string(family_of(like.name)) + "." + std::to_string(generation_of(like.name) + 1);
  rocksdb::ColumnFamilyHandle* made = nullptr;
  if (status.ok()) status = db_->CreateColumnFamily(like.options, name, &made);
  if (!status.ok()) return core::fail(to_error(status, "mending the store in " + dir_));
  handles_.push_back(made);
  return made;
}

core::Status RocksDb::write_rows(rocksdb::WriteBatch& batch, bool sync) const {
  rocksdb::WriteOptions how;
  how.sync = sync;
  how.no_slowdown = true;
  rocksdb::Status status;
  do {
    if (auto disk = check_disk(); !disk) return disk;
    if (status.IsIncomplete()) std::this_thread::sleep_for(kFlushPoll);
    status = db_->Write(how, &batch);
  } while (status.IsIncomplete());
  return checked(status, "mending");
}

core::Status RocksDb::flush(rocksdb::ColumnFamilyHandle* family) const {
  rocksdb::FlushOptions how;
  how.wait = false;
  how.allow_write_stall = true;
  const rocksdb::Status status = db_->Flush(how, family);
  uint64_t unflushed = status.ok() ? 1 : 0;
  while (unflushed > 0 && check_disk()) {
    if (!db_->GetIntProperty(family, rocksdb::DB::Properties::kNumImmutableMemTable, &unflushed)) break;
    if (unflushed > 0) std::this_thread::sleep_for(kFlushPoll);
  }
  return checked(status, "mending");
}

core::Status RocksDb::replace_family(rocksdb::ColumnFamilyHandle* old, rocksdb::ColumnFamilyHandle* with) {
  if (auto flushed = flush(with); !flushed) return flushed;
  const rocksdb::Status status = db_->DropColumnFamily(old);
  if (!status.ok()) return core::fail(to_error(status, "mending the store in " + dir_));
  std::erase(handles_, with);
  std::ranges::replace(handles_, old, with);
  db_->DestroyColumnFamilyHandle(old);
  return check_disk();
}

RocksDb::Disk::Disk(rocksdb::Env* base, const std::string& dir)
    : guard(std::make_shared<DiskGuard>(base->GetFileSystem(), dir)), env(make_guarded_env(base, guard)) {}

DirLock::~DirLock() { env_->UnlockFile(lock_).PermitUncheckedError(); }

RocksDb::~RocksDb() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
}

core::Result<Meta> RocksDb::read_meta() const {
  const auto get = [&](std::string_view key) -> core::Result<std::string> {
    std::string value;
    const rocksdb::Status status = db_->Get({}, meta(), slice(key), &value);
    if (!status.ok()) return core::fail(to_error(status, "reading '" + std::string(key) + "' of " + dir_));
    return value;
  };
  const auto format = get(kMetaFormat);
  if (!format) return core::fail(format.error());
  const auto version = decode_meta<uint32_t>(*format, [](Decoder& in) { return in.u32_be(); });
  if (!version) return core::fail(version.error());
  if (*version > kFormatVersion) {
    return refuse(Errc::invalid, dir_,
                  "was written by a newer Headgate (format " + std::to_string(*version) +
                      ", this one reads " + std::to_string(kFormatVersion) +
                      "); install that version, or name another directory");
  }
  const auto hub = get(kMetaHub), epoch = get(kMetaEpoch), seq = get(kMetaNextSeq);
  const auto queue = get(kMetaNextQueue), clean = get(kMetaClean);
  if (!hub || !epoch || !seq || !queue || !clean) {
    return refuse(Errc::corrupt, dir_, "its meta rows are not complete; restore it from a backup");
  }
  const auto next_seq = decode_meta<Seq>(*seq, [](Decoder& in) { return in.u64_be(); });
  const auto next_queue = decode_meta<QueueId>(*queue, [](Decoder& in) { return in.u32_be(); });
  if (!next_seq || !next_queue) return refuse(Errc::corrupt, dir_, "its meta rows cannot be decoded");
  const auto copied = get(kMetaCopied);
  if (!copied && copied.error().code != Errc::not_found) return core::fail(copied.error());
  const auto copied_ms =
      decode_meta<Seq>(copied ? *copied : std::string(8, '\0'), [](Decoder& in) { return in.u64_be(); });
  if (!copied_ms) return core::fail(copied_ms.error());
  Meta found{{*hub, *epoch}, *next_seq, *next_queue, *clean == "1", {}, {}, static_cast<int64_t>(*copied_ms)};
  if (auto before = get(kMetaEpochBefore)) found.epoch_before = *std::move(before);
  if (auto damage = get(kMetaDamage)) found.damage = *std::move(damage);
  return found;
}

core::Result<std::vector<std::unique_ptr<QueueState>>> RocksDb::read_queues() const {
  std::vector<std::unique_ptr<QueueState>> queues;
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator({}, cur()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    Decoder key(view(rows->key()));
    const QueueId id = key.u32_be();
    const uint8_t kind = key.u8();
    if (!key.at_end() || kind > kQueueStateRow)
      return refuse(Errc::corrupt, dir_, "a queue's key cannot be decoded");
    if (queues.empty() || queues.back()->stats.id != id) {
      queues.push_back(std::make_unique<QueueState>());
      queues.back()->stats.id = id;
    }
    if (kind == kQueueNameRow) {
      queues.back()->stats.name = view(rows->value());
    } else if (auto decoded = decode_queue_state(view(rows->value()), *queues.back()); !decoded) {
      return refuse(Errc::corrupt, dir_, "queue " + std::to_string(id) + ": " + decoded.error().what);
    }
  }
  if (!rows->status().ok()) return core::fail(to_error(rows->status(), "reading the queues of " + dir_));
  return queues;
}

core::Status RocksDb::write(Group& group, bool sync) const {
  rocksdb::WriteBatch batch(group.bytes + group.bytes / 8 + 4'096);
  for (const Fold& fold : group.folds) {
    for (const IndexRowPtr& row : fold.rows)
      batch.Put(idx(), index_key(fold.lane, row->last()), encode_index_row(*row));
  }
  for (const RowKey& row : group.dead_rows) batch.Delete(idx(), index_key(row.lane, row.last));
  for (const Seq id : group.dead_blocks) batch.Delete(blk(), block_key(id));
  for (Segment& segment : group.segments) {
    segment.encode();
    for (const Segment::Block& block : segment.blocks()) {
      if (!block.left_out) batch.Put(blk(), block_key(block.id), block.value);
    }
    for (const Segment::Row& row : segment.rows()) {
      if (row.left_out) continue;
      batch.Put(idx(), index_key(row.lane, row.row.last()), encode_index_row(row.row));
    }
  }
  for (const KeyValue& value : group.values) put_or_delete(batch, kv(), value);
  for (const auto& [id, name] : group.new_queues) batch.Put(cur(), queue_name_key(id), name);
  for (const auto& [id, state] : group.queue_states) batch.Put(cur(), queue_state_key(id), state);
  for (const QueueId id : group.dead_queues) {
    batch.Delete(cur(), queue_name_key(id));
    batch.Delete(cur(), queue_state_key(id));
  }
  for (const KeyValue& row : group.meta) put_or_delete(batch, meta(), row);
  if (group.last_seq != 0) batch.PutLogData(encode_group_seqs(group.first_seq, group.last_seq));
  rocksdb::WriteOptions how;
  how.sync = sync;
  if (auto written = checked(db_->Write(how, &batch), "writing to"); !written) return written;
  written_ = std::max<Seq>(written_, group.last_seq);
  if (sync) synced({db_->GetLatestSequenceNumber(), written_});
  return {};
}

// Only what is known to be on the disk may be claimed: a frozen one takes nothing.
void RocksDb::synced(SyncedUpTo up_to) const {
  if (synced_ && check_disk()) synced_->advance(up_to);
}

core::Error RocksDb::to_error(const rocksdb::Status& status, std::string_view doing) const {
  core::Error error = store::to_error(status, doing);
  if (!status.IsCorruption()) return error;
  const std::lock_guard lock(damage_mutex_);
  if (!met_damage_) damage_ = error;
  met_damage_ = true;
  return error;
}

core::Error RocksDb::damage() const {
  const std::lock_guard lock(damage_mutex_);
  return damage_;
}

core::Status RocksDb::checked(const rocksdb::Status& status, std::string_view doing) const {
  if (auto disk = check_disk(); !disk) return disk;
  if (!status.ok()) return core::fail(to_error(status, std::string(doing) + " the store in " + dir_));
  return {};
}

core::Status RocksDb::check_disk() const {
  if (!disk_.guard->frozen()) return {};
  return core::fail(to_error(disk_.guard->cause(), "writing to the store in " + dir_));
}

uint64_t RocksDb::cached_bytes() const {
  const uint64_t used = cache_->GetUsage();
  return used - std::min<uint64_t>(used, buffers_->dummy_entries_in_cache_usage());
}

core::Status RocksDb::sync_wal() const {
  const SyncedUpTo up_to{db_->GetLatestSequenceNumber(), written_};  // as far as written before
  if (auto done = checked(db_->SyncWAL(), "syncing"); !done) return done;
  synced(up_to);
  return {};
}

void RocksDb::reclaim(Seq floor, bool all) const {
  // Dropping files outlives a power cut; the finishes that allow it must too.
  if (!sync_wal()) return;
  const std::string first = block_key(0);
  const std::string end = block_key(floor);
  const rocksdb::Slice first_slice(first), end_slice(end);
  const rocksdb::RangePtr range(&first_slice, &end_slice);
  // Failure leaves dead rows where they are; the next round, or RocksDB itself, meets them again.
  rocksdb::DeleteFilesInRanges(db_.get(), blk(), &range, 1, false).PermitUncheckedError();
  if (!all) return;
  flush_all();
  rocksdb::CompactRangeOptions how;
  how.exclusive_manual_compaction = false;
  for (rocksdb::ColumnFamilyHandle* family : {blk(), idx()}) {
    db_->CompactRange(how, family, nullptr, nullptr).PermitUncheckedError();
  }
}

void RocksDb::flush_all() const { db_->Flush({}, handles_).PermitUncheckedError(); }

void RocksDb::set_compacts(bool compacts) const {
  const std::unordered_map<std::string, std::string> option{
      {"disable_auto_compactions", compacts ? "false" : "true"}};
  // Failure is the disk's, which is found elsewhere; until the next time it stays as it was.
  for (rocksdb::ColumnFamilyHandle* family : handles_) db_->SetOptions(family, option).PermitUncheckedError();
  if (!compacts) flush_all();
}

}  // namespace headgate::store
