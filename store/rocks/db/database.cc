#include "store/rocks/db/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <unordered_map>

#include "store/format/attributes_codec.h"
#include "store/format/varint.h"

namespace headgate::store {
namespace {

using core::Errc;

constexpr std::chrono::milliseconds kFlushPoll{2};
constexpr int kPollsMax = 30'000;  // a minute

void put_or_delete(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family, const KeyValue& row) {
  if (row.value)
    batch.Put(family, row.key, *row.value);
  else
    batch.Delete(family, row.key);
}

core::Status read_queue_row(uint8_t kind, std::string_view value, QueueState& queue) {
  if (kind == kQueueStateRow) return decode_queue_state(value, queue);
  if (kind == kQueueNameRow) {
    queue.stats.name = value;
    return {};
  }
  auto attributes = decode_attributes(value);
  if (!attributes) return core::fail(attributes.error());
  queue.stats.attributes = *std::move(attributes);
  return {};
}

template <typename T>
core::Result<T> decode_meta(const std::string& value, T (*decode)(Decoder&)) {
  Decoder in(value);
  const T decoded = decode(in);
  if (!in.at_end()) return core::fail(Errc::corrupt, "a meta row cannot be decoded");
  return decoded;
}

// Waits for no stall to end, and ends when the store is closed.
rocksdb::CompactRangeOptions compacting(std::atomic<bool>& canceled) {
  rocksdb::CompactRangeOptions how;
  how.allow_write_stall = true;
  how.canceled = &canceled;
  how.exclusive_manual_compaction = false;
  how.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  return how;
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

core::Unexpected fail_store(Errc code, const std::string& dir, const std::string& what) {
  return core::fail(code, "store " + dir + ": " + what);
}

std::string index_key(LaneId lane, Seq last) {
  std::string key;
  put_u32_be(key, lane.queue);
  put_u8(key, lane.lane);
  put_u64_be(key, last);
  return key;
}

std::string block_key(Seq id) { return u64_bytes(id); }

namespace {

std::string queue_key(QueueId queue, uint8_t kind) {
  std::string key;
  put_u32_be(key, queue);
  put_u8(key, kind);
  return key;
}

}  // namespace

std::string queue_name_key(QueueId queue) { return queue_key(queue, kQueueNameRow); }
std::string queue_state_key(QueueId queue) { return queue_key(queue, kQueueStateRow); }
std::string queue_attributes_key(QueueId queue) { return queue_key(queue, kQueueAttributesRow); }

Seq index_key_last(const rocksdb::Slice& key) {
  Decoder in(view(key).substr(5));
  return in.u64_be();
}

std::string_view family_of(std::string_view name) { return name.substr(0, name.find('.')); }

unsigned long generation_of(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? 1 : std::strtoul(name.c_str() + dot + 1, nullptr, 10);
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

core::Status RocksDb::write_rows(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions how;
  how.sync = sync;
  how.no_slowdown = true;
  rocksdb::Status status = db_->Write(how, &batch);
  for (int polls = 0; status.IsIncomplete() && !give_up_at(polls); ++polls) {
    std::this_thread::sleep_for(kFlushPoll);
    status = db_->Write(how, &batch);
  }
  return checked(status, "mending");
}

bool RocksDb::give_up_at(int polls) const { return stopping_ || disk_.guard->frozen() || polls >= kPollsMax; }

core::Status RocksDb::wait_for_flushes(rocksdb::ColumnFamilyHandle* family) {
  uint64_t unflushed = 1;
  for (int polls = 0; !give_up_at(polls); ++polls) {
    const bool known =
        db_->GetIntProperty(family, rocksdb::DB::Properties::kNumImmutableMemTable, &unflushed);
    if (!known || unflushed == 0) return check_disk();
    std::this_thread::sleep_for(kFlushPoll);
  }
  if (auto disk = check_disk(); !disk) return disk;
  return fail_store(Errc::unavailable, dir_, "what is in memory does not get into files");
}

core::Status RocksDb::flush(rocksdb::ColumnFamilyHandle* family) {
  rocksdb::FlushOptions how;
  how.wait = false;
  how.allow_write_stall = true;
  // First what is under way, so that nobody who writes has to wait meanwhile.
  if (auto before = wait_for_flushes(family); !before) return before;
  if (auto begun = checked(db_->Flush(how, family), "flushing"); !begun) return begun;
  return wait_for_flushes(family);
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

core::Result<Meta> RocksDb::read_meta() {
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
    return fail_store(Errc::invalid, dir_,
                      "was written by a newer Headgate (format " + std::to_string(*version) +
                          ", this one reads " + std::to_string(kFormatVersion) +
                          "); install that version, or name another directory");
  }
  const auto hub = get(kMetaHub), epoch = get(kMetaEpoch), seq = get(kMetaNextSeq);
  const auto queue = get(kMetaNextQueue), clean = get(kMetaClean);
  if (!hub || !epoch || !seq || !queue || !clean) {
    return fail_store(Errc::corrupt, dir_, "its meta rows are not complete; restore it from a backup");
  }
  const auto next_seq = decode_meta<Seq>(*seq, [](Decoder& in) { return in.u64_be(); });
  const auto next_queue = decode_meta<QueueId>(*queue, [](Decoder& in) { return in.u32_be(); });
  if (!next_seq || !next_queue) return fail_store(Errc::corrupt, dir_, "its meta rows cannot be decoded");
  const auto copied = get(kMetaCopied);
  if (!copied && copied.error().code != Errc::not_found) return core::fail(copied.error());
  const auto copied_ms =
      decode_meta<Seq>(copied ? *copied : std::string(8, '\0'), [](Decoder& in) { return in.u64_be(); });
  if (!copied_ms) return core::fail(copied_ms.error());
  Meta found;
  found.identity = {*hub, *epoch};
  found.next_seq = *next_seq;
  found.next_queue = *next_queue;
  found.clean = *clean == "1";
  found.format = *version;
  found.copied_ms = static_cast<int64_t>(*copied_ms);
  if (auto before = get(kMetaEpochBefore)) found.epoch_before = *std::move(before);
  if (auto damage = get(kMetaDamage)) found.damage = *std::move(damage);
  return found;
}

core::Result<std::vector<std::unique_ptr<QueueState>>> RocksDb::read_queues() {
  std::vector<std::unique_ptr<QueueState>> queues;
  QueueId with_attributes = 0;  // the queue whose attributes were read last; an id is 1 at least
  const auto settle_last = [&] {
    if (queues.empty() || queues.back()->stats.id == with_attributes) return;
    QueueStats& queue = queues.back()->stats;
    queue.attributes = attributes_by_name(queue.name);
  };
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator({}, cur()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    Decoder key(view(rows->key()));
    const QueueId id = key.u32_be();
    const uint8_t kind = key.u8();
    if (!key.at_end() || kind > kQueueAttributesRow)
      return fail_store(Errc::corrupt, dir_, "a queue's key cannot be decoded");
    if (queues.empty() || queues.back()->stats.id != id) {
      settle_last();
      queues.push_back(std::make_unique<QueueState>());
      queues.back()->stats.id = id;
    }
    if (kind == kQueueAttributesRow) with_attributes = id;
    if (auto read = read_queue_row(kind, view(rows->value()), *queues.back()); !read)
      return fail_store(Errc::corrupt, dir_, "queue " + std::to_string(id) + ": " + read.error().what);
  }
  settle_last();
  if (!rows->status().ok()) return core::fail(to_error(rows->status(), "reading the queues of " + dir_));
  return queues;
}

core::Status RocksDb::write(Group& group, bool sync) {
  rocksdb::WriteBatch& batch = batch_.next();
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
  for (const auto& [id, what] : group.queue_attributes) batch.Put(cur(), queue_attributes_key(id), what);
  for (const auto& [id, state] : group.queue_states) batch.Put(cur(), queue_state_key(id), state);
  for (const QueueId id : group.dead_queues) {
    batch.Delete(cur(), queue_name_key(id));
    batch.Delete(cur(), queue_state_key(id));
    batch.Delete(cur(), queue_attributes_key(id));
  }
  for (const KeyValue& row : group.meta) put_or_delete(batch, meta(), row);
  if (group.last_seq != 0) batch.PutLogData(encode_group_seqs(group.first_seq, group.last_seq));
  rocksdb::WriteOptions how;
  how.sync = sync;
  const core::Status written = checked(db_->Write(how, &batch), "writing to");
  batch_.written();
  if (!written) return written;
  if (std::ranges::any_of(group.dead_blocks, [this](Seq id) { return id <= sealed_blocks(); }))
    scattered_ = true;
  written_ = std::max<Seq>(written_, group.last_seq);
  dead_blocks_->written(written_);
  if (sync) synced({db_->GetLatestSequenceNumber(), written_});
  return {};
}

// Only what is known to be on the disk may be claimed: a frozen one takes nothing.
void RocksDb::synced(SyncedUpTo up_to) {
  if (synced_ && check_disk()) synced_->advance(up_to);
}

core::Error RocksDb::to_error(const rocksdb::Status& status, std::string_view doing) {
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

core::Status RocksDb::checked(const rocksdb::Status& status, std::string_view doing) {
  if (auto disk = check_disk(); !disk) return disk;
  if (!status.ok()) return core::fail(to_error(status, std::string(doing) + " the store in " + dir_));
  return {};
}

core::Status RocksDb::check_disk() {
  if (!disk_.guard->frozen()) return {};
  return core::fail(to_error(disk_.guard->cause(), "writing to the store in " + dir_));
}

uint64_t RocksDb::cached_bytes() const {
  const uint64_t used = cache_->GetUsage();
  return used - std::min<uint64_t>(used, buffers_->dummy_entries_in_cache_usage());
}

core::Status RocksDb::sync_wal() {
  const SyncedUpTo up_to{db_->GetLatestSequenceNumber(), written_};  // as far as written before
  if (auto done = checked(db_->SyncWAL(), "syncing"); !done) return done;
  synced(up_to);
  return {};
}

void RocksDb::reclaim(Reclaim what, Seq floor, uint64_t room_bytes) {
  // Dropping files outlives a power cut; the finishes that allow it must too.
  if (!sync_wal()) return;
  dead_blocks_->set_floor(floor);
  drop_dead_files(floor);
  if (what == Reclaim::files) return;
  if (what == Reclaim::everything)
    compact_all(floor);
  else if (compact_below_bytes(floor).value_or(UINT64_MAX) <= room_bytes)
    compact_below(floor);
  drop_dead_files(floor);  // also those that were too young before
}

void RocksDb::compact_all(Seq floor) {
  flush_all();
  if (give_up_at(0)) return;  // a compaction flushes what is left, and waits for that
  // Above the floor there is only something to gain where blocks were deleted one by one.
  if (scattered_.exchange(false))
    db_->CompactRange(compacting(stopping_), blk(), nullptr, nullptr).PermitUncheckedError();
  else
    compact_below(floor);
  db_->CompactRange(compacting(stopping_), idx(), nullptr, nullptr).PermitUncheckedError();
}

void RocksDb::compact_below(Seq floor) {
  const std::string end = block_key(floor);
  const rocksdb::Slice end_slice(end);
  db_->CompactRange(compacting(stopping_), blk(), nullptr, &end_slice).PermitUncheckedError();
}

// At most: files that reach over the floor and those that overlap with them, and what is flushed before. What
// lies below leaves nothing. nullopt: nothing reaches below.
std::optional<uint64_t> RocksDb::compact_below_bytes(Seq floor) const {
  rocksdb::ColumnFamilyMetaData family;
  db_->GetColumnFamilyMetaData(blk(), &family);
  uint64_t memtables = 0;
  db_->GetIntProperty(blk(), rocksdb::DB::Properties::kCurSizeAllMemTables, &memtables);
  const std::string end = block_key(floor);
  std::string reach = end;
  bool any = false;
  uint64_t bytes = 0;
  for (uint64_t before = UINT64_MAX; before != bytes;) {
    before = std::exchange(bytes, memtables);
    for (const rocksdb::LevelMetaData& level : family.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) {
        any |= file.smallestkey < end;
        if (file.smallestkey > reach || file.largestkey < end) continue;
        bytes += file.size;
        reach = std::max(reach, file.largestkey);
      }
    }
  }
  return any ? std::optional(bytes) : std::nullopt;
}

// Failure leaves dead rows where they are; the next round, or RocksDB itself, meets them again.
void RocksDb::drop_dead_files(Seq floor) {
  const std::string first = block_key(0);
  const std::string end = block_key(floor);
  const rocksdb::Slice first_slice(first), end_slice(end);
  const rocksdb::RangePtr range(&first_slice, &end_slice);
  rocksdb::DeleteFilesInRanges(db_.get(), blk(), &range, 1, false).PermitUncheckedError();
  // A file that was dropped while somebody read is deleted with the next one that is, which may be long.
  // Switching deletions on looks for such files; only a copy that is being made switches them off, on this
  // thread too.
  db_->EnableFileDeletions(false).PermitUncheckedError();
}

// Failure leaves it to RocksDB, and the log as long as it is.
void RocksDb::flush_all() {
  for (rocksdb::ColumnFamilyHandle* family : handles_) {
    if (!flush(family)) return;
  }
}

void RocksDb::set_compacts(bool compacts) {
  const std::unordered_map<std::string, std::string> option{
      {"disable_auto_compactions", compacts ? "false" : "true"}};
  // Failure is the disk's, which is found elsewhere; until the next time it stays as it was.
  for (rocksdb::ColumnFamilyHandle* family : handles_) db_->SetOptions(family, option).PermitUncheckedError();
  if (compacts) return;
  wait_for_compactions();
  flush_all();
}

// Gives up on one that never ends: the log's room is not to wait for ever.
void RocksDb::wait_for_compactions() {
  uint64_t running = 0;
  for (int polls = 0; !give_up_at(polls); ++polls) {
    const bool known = db_->GetIntProperty(rocksdb::DB::Properties::kNumRunningCompactions, &running);
    if (!known || running == 0) return;
    std::this_thread::sleep_for(kFlushPoll);
  }
}

uint64_t RocksDb::level0_bytes() const {
  uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* family : handles_) {
    rocksdb::ColumnFamilyMetaData files;
    db_->GetColumnFamilyMetaData(family, &files);
    if (!files.levels.empty()) bytes += files.levels.front().size;
  }
  return bytes;
}

}  // namespace headgate::store
