#include "store/rocks/db/check.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "store/dead_letter.h"
#include "store/format/attributes_codec.h"
#include "store/format/record_codec.h"
#include "store/format/varint.h"
#include "store/rocks/mend/torn_end.h"

namespace headgate::store {
namespace {

std::string num(uint64_t n) { return std::to_string(n); }

// Sums over the rows of one lane.
struct LaneRecount {
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  Seq up_to = 0;  // the last seq that a row, or what is finished, accounts for
};

class StoreCheck {
 public:
  explicit StoreCheck(RocksDb& db) : db_(db) {}

  StoreReport run() {
    if (!check_meta()) return std::move(report_);
    read_queues();
    check_index();
    check_queues();
    check_blocks();
    report_.values = count_values();
    check_files();
    return std::move(report_);
  }

 private:
  using Rows = std::unique_ptr<rocksdb::Iterator>;

  // Bypasses the cache: a scan must not push out what a hub reads.
  [[nodiscard]] Rows rows_of(rocksdb::ColumnFamilyHandle* family) const {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    Rows rows(db_.db().NewIterator(how, family));
    rows->SeekToFirst();
    return rows;
  }

  void check_end(const rocksdb::Iterator& rows, const char* family) {
    if (rows.status().ok()) return;
    report_.add(family, "cannot be read to its end: " + rows.status().ToString());
    met(rows.status());
  }

  // False if the rest cannot be understood: a newer Headgate wrote it.
  bool check_meta() {
    const auto meta = db_.read_meta();
    if (!meta) {
      report_.add("meta rows", meta.error().what);
      return meta.error().code != core::Errc::invalid;
    }
    meta_ = *meta;
    report_.identity = meta->identity;
    if (meta->identity.hub.empty()) report_.add("meta rows", "the hub's id is empty");
    if (meta->identity.epoch.size() != 26) report_.add("meta rows", "the epoch is no ULID");
    return true;
  }

  void read_queues() {
    const Rows rows = rows_of(db_.cur());
    for (; rows->Valid(); rows->Next()) {
      Decoder key(view(rows->key()));
      const QueueId id = key.u32_be();
      const uint8_t kind = key.u8();
      if (!key.at_end() || kind > kQueueAttributesRow) {
        report_.add("cur", "a key of " + num(rows->key().size()) + " bytes cannot be decoded");
        continue;
      }
      QueueState& queue = queues_[id];
      queue.stats.id = id;
      if (kind == kQueueNameRow) {
        named_.insert(id);
        queue.stats.name = view(rows->value());
      } else if (kind == kQueueAttributesRow) {
        read_attributes(queue, view(rows->value()));
      } else if (decode_queue_state(view(rows->value()), queue)) {
        stated_.insert(id);
      } else {
        report_.add("queue " + num(id), "its state cannot be decoded");
      }
    }
    check_end(*rows, "cur");
    for (auto& [id, queue] : queues_) {
      if (!attributed_.contains(id)) queue.stats.attributes = attributes_by_name(queue.stats.name);
    }
    report_.queues = queues_.size();
  }

  void read_attributes(QueueState& queue, std::string_view bytes) {
    auto attributes = decode_attributes(bytes);
    if (!attributes) return report_.add(place(queue.stats.id), attributes.error().what);
    queue.stats.attributes = *std::move(attributes);
    attributed_.insert(queue.stats.id);
  }

  [[nodiscard]] std::string place(QueueId id) const {
    const auto found = queues_.find(id);
    return "queue " + num(id) + (found == queues_.end() ? "" : " (" + found->second.stats.name + ")");
  }
  [[nodiscard]] std::string place(LaneId id) const { return place(id.queue) + ", lane " + num(id.lane); }

  [[nodiscard]] const Lane* lane_of(LaneId id) const {
    const auto found = queues_.find(id.queue);
    if (found == queues_.end() || id.lane >= kLaneCount) return nullptr;
    return found->second.lanes[id.lane].get();
  }

  // ---- idx ----

  void check_index() {
    const Rows rows = rows_of(db_.idx());
    for (; rows->Valid(); rows->Next()) {
      ++report_.index_rows;
      Decoder key(view(rows->key()));
      LaneId id;
      id.queue = key.u32_be();
      id.lane = key.u8();
      const Seq last = key.u64_be();
      const std::string where = place(id) + ", row " + num(last);
      const auto row = decode_index_row(view(rows->value()));
      if (!key.at_end())
        report_.add("idx", "a key of " + num(rows->key().size()) + " bytes cannot be decoded");
      else if (!row)
        report_.add(where, row.error().what);
      else
        check_row(id, last, **row, where);
    }
    check_end(*rows, "idx");
  }

  void check_row(LaneId id, Seq last, const IndexRow& row, const std::string& where) {
    if (row.last() != last) report_.add(where, "its last entry is " + num(row.last()));
    const Lane* lane = lane_of(id);
    if (lane == nullptr) return report_.add(where, "its lane is not in the state of the queue");
    check_tile(id, *lane, row, where);
    if (row.last() > lane->progress.last())
      report_.add(where, "the lane ends at " + num(lane->progress.last()));
    const bool swept_later = last > lane->sweep_from && last <= lane->sweep_to;
    if (lane->progress.passed(row.previous, row.last()) && !swept_later)
      report_.add(where, "all of it is finished and it is still here");
    for (const RowEntry& entry : row.entries) {
      if (lane->progress.finished(entry.seq)) continue;
      LaneRecount& recount = recounts_[id.packed()];
      ++recount.waiting;
      recount.waiting_bytes += entry.bytes;
      ++report_.waiting;
      check_entry(id, row, entry, where);
      if (is_dead_queue(id.queue)) check_letter(entry, where);
    }
  }

  // Rows of a lane follow each other, and where one is missing all of it is finished.
  void check_tile(LaneId id, const Lane& lane, const IndexRow& row, const std::string& where) {
    LaneRecount& recount = recounts_[id.packed()];
    const Seq before = std::exchange(recount.up_to, row.last());
    if (row.previous == before) return;
    if (row.previous < before)
      report_.add(where, "begins after " + num(row.previous) + ", inside the row before it");
    else if (!lane.progress.passed(before, row.previous))
      report_.add(where, "entries in (" + num(before) + ", " + num(row.previous) +
                             "] are not finished and have no row");
  }

  void check_entry(LaneId id, const IndexRow& row, const RowEntry& entry, const std::string& where) {
    const RowBlock& wanted = row.blocks[entry.block];
    floor_ = std::min(floor_, wanted.id);
    const std::string* block = load_block(wanted.id);
    const std::string what = "seq " + num(entry.seq) + ": ";
    if (block == nullptr)
      return report_.add(where, what + "its block " + num(wanted.id) + " is missing: " + block_error_);
    const auto message = message_in_block(wanted.id, *block, entry.offset, entry.seq, entry.arrived_ms);
    if (!message) return report_.add(where, what + message.error().what);
    if (stored_bytes(**message) != entry.bytes)
      report_.add(where, what + "counts " + num(entry.bytes) + " bytes, its message has " +
                             num(stored_bytes(**message)));
    const auto header = decode_block_header(wanted.id, *block);
    if (!header) return report_.add(where, what + header.error().what);
    if (std::ranges::find(header->targets, id) == header->targets.end())
      report_.add(where, what + "its block " + num(wanted.id) + " is for other lanes");
    if (wanted.shared != (header->targets.size() > 1))
      report_.add(where, what + "is wrong on whether block " + num(wanted.id) + " is shared");
  }

  [[nodiscard]] bool is_dead_queue(QueueId id) const {
    const QueueState& queue = queues_.at(id);
    return !queue.removed && queue.stats.attributes.kind == QueueKind::dead;
  }

  void check_letter(const RowEntry& entry, const std::string& where) {
    const auto letter = decode_dead_letter(entry.tag);
    if (!letter)
      report_.add(where, "seq " + num(entry.seq) + ": " + letter.error().what);
    else if (letter->seq >= entry.seq)
      report_.add(where, "seq " + num(entry.seq) + ": died as " + num(letter->seq) + ", which is later");
    if (entry.expires_ms != 0) report_.add(where, "seq " + num(entry.seq) + ": a dead letter that expires");
  }

  // Entries come in runs of one block.
  const std::string* load_block(Seq id) {
    if (block_id_ == id) return block_ ? &*block_ : nullptr;
    block_id_ = id;
    block_.emplace();
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    const rocksdb::Status status = db_.db().Get(how, db_.blk(), block_key(id), &*block_);
    if (status.ok()) return &*block_;
    block_.reset();
    block_error_ = status.ToString();
    return nullptr;
  }

  // ---- cur ----

  void check_queues() {
    std::map<std::string_view, QueueId> names;
    for (const auto& [id, queue] : queues_) {
      if (!named_.contains(id)) report_.add(place(id), "has no name");
      if (!stated_.contains(id)) report_.add(place(id), "has no state that can be read");
      if (!attributed_.contains(id) && meta_.format != kFormatWithoutAttributes)
        report_.add(place(id), "has no attributes that can be read");
      if (id >= meta_.next_queue) report_.add(place(id), "next_queue is " + num(meta_.next_queue));
      if (!queue.removed && !names.emplace(queue.stats.name, id).second)
        report_.add(place(id), "queue " + num(names[queue.stats.name]) + " has the same name");
      if (stated_.contains(id)) check_accounts(queue);
    }
  }

  void check_accounts(const QueueState& queue) {
    const QueueStats& stats = queue.stats;
    const uint64_t sum = stats.waiting() + stats.delivered + stats.expired + stats.dropped + stats.dead;
    if (stats.in != sum) {
      report_.add(place(stats.id), "in is " + num(stats.in) +
                                       ", but waiting + delivered + expired + dropped + dead is " + num(sum));
    }
    uint64_t lost = 0;
    for (const Gap& gap : queue.gaps.list()) {
      lost += gap.count;
      if (gap.from > gap.to || gap.count == 0)
        report_.add(place(stats.id),
                    "a gap from " + num(gap.from) + " to " + num(gap.to) + " makes no sense");
    }
    if (lost > stats.expired + stats.dropped + stats.dead)
      report_.add(place(stats.id), "its gaps count more than it lost: " + num(lost));
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      if (queue.lanes[lane]) check_lane({stats.id, lane}, *queue.lanes[lane], stats.lanes[lane]);
    }
  }

  void check_lane(LaneId id, const Lane& lane, const LaneStats& stats) {
    const LaneRecount& recount = recounts_[id.packed()];
    if (recount.waiting != stats.waiting)
      report_.add(place(id), "waiting is " + num(stats.waiting) + ", recounted " + num(recount.waiting));
    if (recount.waiting_bytes != stats.waiting_bytes)
      report_.add(place(id), "waiting bytes are " + num(stats.waiting_bytes) + ", recounted " +
                                 num(recount.waiting_bytes));
    const LaneProgress& progress = lane.progress;
    if (progress.last() > recount.up_to && !progress.passed(recount.up_to, progress.last()))
      report_.add(place(id), "entries in (" + num(recount.up_to) + ", " + num(progress.last()) +
                                 "] are not finished and have no row");
    if (progress.last() >= meta_.next_seq)
      report_.add(place(id),
                  "its last seq is " + num(progress.last()) + ", next_seq is " + num(meta_.next_seq));
    if (progress.checkpoint() > progress.last() || lane.sweep_from > lane.sweep_to)
      report_.add(place(id), "its head or its sweep is past its end");
    for (const auto& [from, to] : progress.above().ranges()) {
      if (from <= progress.checkpoint() || to > progress.last())
        report_.add(place(id), "the finished range (" + num(from) + ", " + num(to) + "] lies outside it");
    }
  }

  // ---- blk ----

  void check_blocks() {
    const Rows rows = rows_of(db_.blk());
    for (; rows->Valid(); rows->Next()) {
      ++report_.blocks;
      Decoder key(view(rows->key()));
      const Seq id = key.u64_be();
      const std::string where = "block " + num(id);
      const auto header = decode_block_header(id, view(rows->value()));
      if (!key.at_end())
        report_.add("blk", "a key of " + num(rows->key().size()) + " bytes cannot be decoded");
      else if (!header)
        report_.add(where, header.error().what);
      else if (header->last < id || header->last >= meta_.next_seq)
        report_.add(where, "its last seq is " + num(header->last));
      else if (std::ranges::any_of(header->targets, [&](LaneId lane) { return has_row(lane, id); }))
        continue;
      else if (id < floor_)
        ++report_.dead_blocks;
      else
        report_.add(where, "nobody wants it and it is still here");
    }
    check_end(*rows, "blk");
  }

  // True if the lane has the row with the first message of this block.
  [[nodiscard]] bool has_row(LaneId lane, Seq block) const {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    const Rows rows(db_.db().NewIterator(how, db_.idx()));
    rows->Seek(index_key(lane, block));
    if (!rows->Valid() || !rows->key().starts_with(index_key(lane, 0).substr(0, 5))) return false;
    const auto row = decode_index_row(view(rows->value()));
    return row && std::ranges::any_of((*row)->blocks, [&](const RowBlock& b) { return b.id == block; });
  }

  // ---- the rest ----

  uint64_t count_values() {
    uint64_t count = 0;
    const Rows rows = rows_of(db_.kv());
    for (; rows->Valid(); rows->Next()) ++count;
    check_end(*rows, "kv");
    return count;
  }

  // Also what no row above was read from.
  void check_files() {
    const rocksdb::Status status = db_.db().VerifyChecksum({});
    if (status.ok()) return;
    report_.add("files", status.ToString());
    met(status);
  }

  // A running store mends what is damaged.
  void met(const rocksdb::Status& status) { (void)db_.to_error(status, "checking the store"); }

  RocksDb& db_;
  StoreReport report_;
  Meta meta_;
  std::map<QueueId, QueueState> queues_;
  std::set<QueueId> named_;
  std::set<QueueId> stated_;
  std::set<QueueId> attributed_;
  std::map<uint64_t, LaneRecount> recounts_;  // by LaneId::packed()
  Seq floor_ = UINT64_MAX;                    // the oldest block that holds something that waits
  Seq block_id_ = 0;
  std::optional<std::string> block_;
  std::string block_error_;
};

}  // namespace

StoreReport check_rows(RocksDb& db) { return StoreCheck(db).run(); }

core::Result<StoreReport> check_store(const std::string& dir, rocksdb::Env* env) {
  StoreOptions options;
  options.dir = dir;
  options.env = env;
  const auto db = open_to_read(options);
  if (!db) return core::fail(db.error());
  return check_rows(**db);
}

}  // namespace headgate::store
