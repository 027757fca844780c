#include "store/rocks/mend/recount.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "store/format/attributes_codec.h"
#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr size_t kRecountBytes = 1u << 20;

// Findings about one lane.
struct LaneFound {
  Seq up_to = 0;  // what the rows so far reach
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  SeqRange lost;       // from the first to the last entry that is missing
  bool known = false;  // the lane is in the state of its queue
};

class Recount {
 public:
  Recount(RocksDb& db, bool lost_queues) : db_(db), lost_queues_(lost_queues), blocks_(rows_of(db.blk())) {}

  core::Result<Recounted> run() {
    read_queues();
    read_index();
    for (auto& [id, queue] : queues_) close_queue(queue);
    write();
    drop_unwanted_blocks();
    write();
    if (!status_) return core::fail(status_.error());
    return std::move(result_);
  }

 private:
  using Rows = std::unique_ptr<rocksdb::Iterator>;

  // Bypasses the cache, as every row is read once.
  [[nodiscard]] Rows rows_of(rocksdb::ColumnFamilyHandle* family) const {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    return Rows(db_.db().NewIterator(how, family));
  }

  void note(const rocksdb::Status& status) {
    if (status_ && !status.ok())
      status_ = core::fail(db_.to_error(status, "mending the store in " + db_.dir()));
  }

  void write() {
    if (status_) status_ = db_.write_rows(batch_);
    batch_.Clear();
  }
  void erase(rocksdb::ColumnFamilyHandle* family, const rocksdb::Slice& key) {
    batch_.Delete(family, key);
    if (batch_.GetDataSize() >= kRecountBytes) write();
  }

  // ---- cur ----

  void read_queues() {
    const Rows rows = rows_of(db_.cur());
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      Decoder key(view(rows->key()));
      const QueueId id = key.u32_be();
      const uint8_t kind = key.u8();
      if (!key.at_end() || kind > kQueueAttributesRow) {
        erase(db_.cur(), rows->key());
        continue;
      }
      QueueState& queue = queue_of(id);
      if (kind == kQueueNameRow)
        queue.stats.name = view(rows->value());
      else if (kind == kQueueAttributesRow)
        take_attributes(queue, view(rows->value()));
      else if (QueueState read; decode_queue_state(view(rows->value()), read))
        take(queue, std::move(read));
    }
    note(rows->status());
    for (auto& [id, queue] : queues_) {
      if (queue.removed) continue;
      if (queue.stats.name.empty()) name_again(queue);
      if (!attributed_.contains(id)) attribute_again(queue);
    }
  }

  QueueState& queue_of(QueueId id) {
    QueueState& queue = queues_[id];
    queue.stats.id = id;
    result_.next_queue = std::max(result_.next_queue, id + 1);
    return queue;
  }

  void take(QueueState& queue, QueueState read) {
    read.stats.id = queue.stats.id;
    read.stats.name = std::move(queue.stats.name);
    queue = std::move(read);
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      if (queue.lanes[lane]) found_[LaneId{queue.stats.id, lane}].known = true;
    }
  }

  void take_attributes(QueueState& queue, std::string_view bytes) {
    auto read = decode_attributes(bytes);
    if (!read) return;
    queue.stats.attributes = *std::move(read);
    attributed_.insert(queue.stats.id);
  }

  // Also in a store of format 1, which has none.
  void attribute_again(QueueState& queue) {
    queue.stats.attributes = attributes_by_name(queue.stats.name);
    result_.states.Put(db_.cur(), queue_attributes_key(queue.stats.id),
                       encode_attributes(queue.stats.attributes));
  }

  void name_again(QueueState& queue) {
    queue.stats.name = "recovered-queue-" + std::to_string(queue.stats.id);
    result_.states.Put(db_.cur(), queue_name_key(queue.stats.id), queue.stats.name);
  }

  // ---- idx ----

  void read_index() {
    const Rows rows = rows_of(db_.idx());
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      Decoder key(view(rows->key()));
      LaneId id;
      id.queue = key.u32_be();
      id.lane = key.u8();
      const Seq last = key.u64_be();
      const auto row = decode_index_row(view(rows->value()));
      const bool sound = key.at_end() && id.lane < kLaneCount && row && (*row)->last() == last;
      if (!sound || !take_row(id, **row)) erase(db_.idx(), rows->key());
    }
    note(rows->status());
  }

  // False: nobody waits for anything in it.
  bool take_row(LaneId id, const IndexRow& row) {
    if (!queues_.contains(id.queue)) {
      if (!lost_queues_) return false;
      name_again(queue_of(id.queue));
    }
    QueueState& queue = queues_[id.queue];
    LaneFound& found = found_[id];
    if (queue.removed || row.previous < found.up_to) return false;
    Lane& lane = queue.lane(id.lane);
    if (!std::exchange(found.known, true))
      lane.progress = LaneProgress::restore(row.previous, row.previous, {});
    pass_hole(lane, found, row.previous);
    if (row.last() > lane.progress.last()) extend(queue, id.lane, row);
    for (size_t i = 0; i < row.entries.size(); ++i) take_entry(lane, found, row, i);
    found.up_to = row.last();
    return !lane.progress.passed(row.previous, row.last());
  }

  // Entries that the state does not know: it is an older one.
  static void extend(QueueState& queue, uint8_t number, const IndexRow& row) {
    Lane& lane = queue.lane(number);
    const Seq known = lane.progress.last();
    int64_t due_ms = ExpiryMap::kNever;
    for (const RowEntry& entry : row.entries) {
      if (entry.seq <= known) continue;
      if (entry.expires_ms != 0) due_ms = std::min(due_ms, entry.expires_ms);
      ++queue.stats.in;
      ++queue.stats.lanes[number].waiting;
    }
    lane.progress.add(row.last());
    lane.expiries.add({known, row.last(), due_ms});
  }

  void take_entry(Lane& lane, LaneFound& found, const IndexRow& row, size_t position) {
    const RowEntry& entry = row.entries[position];
    if (lane.progress.finished(entry.seq)) return;
    if (has_block(row.blocks[entry.block].id)) {
      ++found.waiting;
      found.waiting_bytes += entry.bytes;
      return;
    }
    lose(found, {entry.seq, entry.seq});
    lane.progress.finish(row.before(position), row.tile_end(position));
  }

  // Rows of a lane follow each other. Where one is missing, what was not finished in it is lost.
  static void pass_hole(Lane& lane, LaneFound& found, Seq to) {
    const Seq from = lane.progress.skip_finished(found.up_to);
    if (from >= to) return;
    lose(found, {from + 1, to});
    lane.progress.finish(found.up_to, to);
  }

  static void lose(LaneFound& found, SeqRange range) {
    found.lost = {found.lost.from == 0 ? range.from : std::min(found.lost.from, range.from),
                  std::max(found.lost.to, range.to)};
  }

  // Rows of a lane name their blocks in order.
  bool has_block(Seq id) {
    if (block_id_ == id) return block_found_;
    block_id_ = id;
    const std::string key = block_key(id);
    blocks_->Seek(key);
    note(blocks_->status());
    block_found_ =
        blocks_->Valid() && blocks_->key() == key && decode_block_header(id, view(blocks_->value()));
    return block_found_;
  }

  // ---- counters ----

  void close_queue(QueueState& queue) {
    if (queue.removed) {
      erase(db_.cur(), queue_name_key(queue.stats.id));
      erase(db_.cur(), queue_state_key(queue.stats.id));
      erase(db_.cur(), queue_attributes_key(queue.stats.id));
      return;
    }
    for (uint8_t number = 0; number < kLaneCount; ++number) {
      if (queue.lanes[number]) close_lane(queue, number);
    }
    result_.states.Put(db_.cur(), queue_state_key(queue.stats.id), encode_queue_state(queue));
  }

  void close_lane(QueueState& queue, uint8_t number) {
    Lane& lane = *queue.lanes[number];
    LaneStats& stats = queue.stats.lanes[number];
    LaneFound& found = found_[LaneId{queue.stats.id, number}];
    pass_hole(lane, found, lane.progress.last());
    lane.sweep_from = lane.sweep_to = 0;
    result_.last_seq = std::max(result_.last_seq, lane.progress.last());
    if (found.waiting > stats.waiting) queue.stats.in += found.waiting - stats.waiting;
    const uint64_t lost = stats.waiting - std::min(found.waiting, stats.waiting);
    stats.waiting = found.waiting;
    stats.waiting_bytes = found.waiting_bytes;
    if (lost == 0) return;
    count_outcome(queue.stats, Outcome::dead, lost);
    if (queue.stats.attributes.keeps_gaps)
      queue.gaps.add(found.lost.from - 1, {found.lost.from, found.lost.to, lost, Outcome::dead});
    result_.lost.push_back({queue.stats.name, number, found.lost, lost});
  }

  // ---- blk ----

  void drop_unwanted_blocks() {
    const Rows rows = rows_of(db_.blk()), index = rows_of(db_.idx());
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      Decoder key(view(rows->key()));
      const Seq id = key.u64_be();
      const auto header = decode_block_header(id, view(rows->value()));
      const auto wants = [&](LaneId lane) { return wants_block(*index, lane, id); };
      if (!key.at_end() || !header || std::ranges::none_of(header->targets, wants))
        erase(db_.blk(), rows->key());
    }
    note(rows->status());
  }

  bool wants_block(rocksdb::Iterator& index, LaneId lane, Seq id) {
    index.Seek(index_key(lane, id));
    note(index.status());
    if (!index.Valid() || !index.key().starts_with(index_key(lane, 0).substr(0, 5))) return false;
    const auto row = decode_index_row(view(index.value()));
    return row && std::ranges::find(((*row)->blocks), id, &RowBlock::id) != (*row)->blocks.end();
  }

  RocksDb& db_;
  const bool lost_queues_;
  std::map<QueueId, QueueState> queues_;
  std::set<QueueId> attributed_;  // whose attributes were there
  std::map<LaneId, LaneFound> found_;
  rocksdb::WriteBatch batch_;
  core::Status status_;
  Recounted result_;
  Rows blocks_;
  Seq block_id_ = 0;
  bool block_found_ = false;
};

}  // namespace

core::Result<Recounted> recount(RocksDb& db, bool lost_queues) { return Recount(db, lost_queues).run(); }

}  // namespace headgate::store
