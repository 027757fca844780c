#include "store/rocks/db/read_path.h"

#include <map>
#include <utility>

namespace headgate::store {
namespace {

using core::Errc;

// Entries of index rows held in memory, about 80 bytes each: enough for a dozen lanes that are worked through
// at the same time and read ahead of, or a hundred that are not.
constexpr size_t kCachedEntries = 64 * 1024;

// The first key after all that begin with `prefix`; empty if there is none.
std::string prefix_end(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

core::Result<std::vector<IndexRowPtr>> read_rows(RocksDb& db, LaneId id, Seq from, Seq to, size_t count,
                                                 bool fill_cache) {
  const std::string first = index_key(id, from + 1);
  const std::string end = prefix_end(index_key(id, ~Seq{0}).substr(0, 5));
  const rocksdb::Slice first_slice(first), end_slice(end);
  rocksdb::ReadOptions how;
  how.iterate_lower_bound = &first_slice;
  how.iterate_upper_bound = &end_slice;
  how.fill_cache = fill_cache;
  const std::unique_ptr<rocksdb::Iterator> it(db.db().NewIterator(how, db.idx()));
  std::vector<IndexRowPtr> rows;
  for (it->Seek(first_slice); it->Valid() && rows.size() < count; it->Next()) {
    if (index_key_last(it->key()) > to) break;
    auto row = decode_index_row(view(it->value()));
    if (!row) return core::fail(row.error());
    rows.push_back(*std::move(row));
  }
  if (!it->status().ok()) return core::fail(db.to_error(it->status(), "reading a queue's index"));
  return rows;
}

// The blocks of one read, each fetched once.
class RocksReadPath::Blocks {
 public:
  explicit Blocks(RocksDb& db) : db_(db) {}

  core::Result<core::Bytes> get(Seq id) {
    if (const auto found = held_.find(id); found != held_.end()) return view(*found->second);
    auto value = std::make_unique<rocksdb::PinnableSlice>();
    const rocksdb::Status status = db_.db().Get({}, db_.blk(), block_key(id), value.get());
    if (status.IsNotFound()) {
      return core::fail(Errc::corrupt, "block " + std::to_string(id) + " is missing; its messages are lost");
    }
    if (!status.ok()) return core::fail(db_.to_error(status, "reading block " + std::to_string(id)));
    return view(*held_.emplace(id, std::move(value)).first->second);
  }

 private:
  RocksDb& db_;
  std::map<Seq, std::unique_ptr<rocksdb::PinnableSlice>> held_;
};

RocksReadPath::RocksReadPath(RocksDb& db, size_t tail_bytes)
    : db_(&db), tail_bytes_(tail_bytes), rows_(kCachedEntries), tail_(tail_bytes) {}
RocksReadPath::~RocksReadPath() = default;

void RocksReadPath::use(RocksDb* db) {
  db_ = db;
  rows_ = RowCache(kCachedEntries);
  tail_ = MessageTail(tail_bytes_);
}

core::Status RocksReadPath::check_open() const {
  if (db_ == nullptr) return core::fail(Errc::unavailable, "the store is being opened again");
  return {};
}

core::Result<Found> RocksReadPath::read(QueueState& state, uint8_t lane_number, Seq after, ReadLimit limit,
                                        core::Now now) {
  if (auto open = check_open(); !open) return core::fail(open.error());
  Found found;
  std::vector<Entry>& entries = found.entries;
  if (!state.lanes[lane_number]) return found;
  Lane& lane = *state.lanes[lane_number];
  const auto stop = [&](const core::Error& error) -> core::Result<Found> {
    if (entries.empty() && found.expired.empty()) return core::fail(error);
    found.more = true;
    return std::move(found);
  };
  Blocks blocks(*db_);
  size_t bytes = 0;
  for (;;) {
    auto row = next_row({state.stats.id, lane_number}, lane, after);
    if (!row) return stop(row.error());
    if (!*row) return found;
    // Whoever works through a backlog meets a new row every few hundred entries; that is when to read ahead.
    if (on_row_ && std::exchange(lane.read_row, (*row)->last()) != (*row)->last())
      on_row_({state.stats.id, lane_number}, lane, lane.read_row);
    for (size_t i = (*row)->position(after + 1); i < (*row)->entries.size(); ++i) {
      const RowEntry& entry = (*row)->entries[i];
      if (lane.progress.finished(entry.seq)) continue;
      if (entries.size() >= limit.messages && !entries.empty()) return found;
      if (has_expired(state.stats.policy, entry.arrived_ms, entry.expires_ms, now.hub_ms)) {
        found.expired.push_back(entry.seq);
        found.more = found.expired.size() == kExpiredAtOnce;
        if (found.more) return found;
        continue;
      }
      auto message = message_of(entry, **row, blocks);
      if (!message && message.error().code != Errc::corrupt) return stop(message.error());
      if (!message) {
        found.bad = {entry.seq, message.error()};
        return found;
      }
      if (!entries.empty() && bytes + (*message)->body.size() > limit.bytes) return found;
      bytes += (*message)->body.size();
      entries.push_back({entry.seq, *std::move(message), entry.expires_ms, entry.tag});
    }
    after = (*row)->last();
  }
}

core::Result<IndexRowPtr> RocksReadPath::next_row(LaneId id, Lane& lane, Seq after) {
  // Finished stretches are stepped over by arithmetic: a lane of which a million entries ended out of order
  // costs no read for them. What is not written yet is no business of a reader.
  after = lane.progress.skip_finished(after);
  if (after >= lane.durable_last) return IndexRowPtr();
  if (IndexRowPtr recent = lane.recent.lock(); recent && recent->holds(after + 1)) return recent;
  if (IndexRowPtr cached = rows_.find(id, after)) {
    lane.recent = cached;
    return cached;
  }
  auto loaded = load_row(id, after);
  if (!loaded) return loaded;
  rows_.add(id, *loaded);
  lane.recent = *loaded;
  return loaded;
}

core::Result<bool> RocksReadPath::find(LaneId id, Lane& lane, Seq seq, RowPlace& place) {
  if (seq == 0 || lane.progress.finished(seq)) return false;
  if (place.row == nullptr || place.lane != id || !place.row->holds(seq)) {
    auto row = next_row(id, lane, seq - 1);
    if (!row) return core::fail(row.error());
    place = {id, *std::move(row), 0};
    if (place.row == nullptr) return false;
  }
  const std::vector<RowEntry>& entries = place.row->entries;
  const size_t next = place.position + 1;
  place.position = next < entries.size() && entries[next].seq == seq ? next : place.row->position(seq);
  return place.position < entries.size() && entries[place.position].seq == seq;
}

core::Result<IndexRowPtr> RocksReadPath::load_row(LaneId id, Seq after) {
  auto rows = rows_between(id, after, ~Seq{0}, 1);
  if (!rows) return core::fail(rows.error());
  if (rows->empty() || !rows->front()->holds(after + 1)) {
    return core::fail(Errc::corrupt, "queue " + std::to_string(id.queue) + ", lane " +
                                         std::to_string(id.lane) + ": the index after seq " +
                                         std::to_string(after) + " is missing");
  }
  return rows->front();
}

core::Result<std::vector<IndexRowPtr>> RocksReadPath::rows_between(LaneId id, Seq from, Seq to,
                                                                   size_t count) {
  if (auto open = check_open(); !open) return core::fail(open.error());
  return read_rows(*db_, id, from, to, count, count == 1);
}

core::Status RocksReadPath::find_oldest(LaneId id, Lane& lane) {
  // Found once and kept until the checkpoint moves. Ending the oldest entry leaves the next one of its row
  // here, so that a row is read for it only where a lane goes from one row to the next.
  if (lane.oldest.seq != 0) return {};
  const Seq head = lane.progress.checkpoint();
  if (head >= lane.durable_last) {
    lane.oldest = lane.first_pending;
    return {};
  }
  auto row = next_row(id, lane, head);
  if (!row) return core::fail(row.error());
  if (!*row) {
    lane.oldest = lane.first_pending;
    return {};
  }
  lane.oldest = first_waiting(**row, (*row)->position(head + 1), lane);
  return {};
}

int64_t RocksReadPath::oldest_ms(QueueState& state, uint8_t number) {
  if (number >= kLaneCount || state.stats.lanes[number].waiting == 0) return 0;
  Lane& lane = *state.lanes[number];
  return find_oldest({state.stats.id, number}, lane) ? lane.oldest.arrived_ms : 0;
}

core::Result<core::MessagePtr> RocksReadPath::message_of(const RowEntry& entry, const IndexRow& row,
                                                         Blocks& blocks) {
  if (core::MessagePtr held = tail_.find(entry.seq)) return held;
  const Seq id = row.blocks[entry.block].id;
  const auto block = blocks.get(id);
  if (!block) return core::fail(block.error());
  return message_in_block(id, *block, entry.offset, entry.seq, entry.arrived_ms);
}

core::Result<BlockHeader> RocksReadPath::block_header(Seq id) const {
  if (auto open = check_open(); !open) return core::fail(open.error());
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->db().Get({}, db_->blk(), block_key(id), &value);
  if (!status.ok()) return core::fail(db_->to_error(status, "reading block " + std::to_string(id)));
  return decode_block_header(id, view(value));
}

core::Result<std::string> RocksReadPath::get(std::string_view key) const {
  if (auto open = check_open(); !open) return core::fail(open.error());
  std::string value;
  const rocksdb::Status status = db_->db().Get({}, db_->kv(), slice(key), &value);
  if (status.IsNotFound()) return core::fail(Errc::not_found, "there is no value '" + std::string(key) + "'");
  if (!status.ok()) return core::fail(db_->to_error(status, "reading the value '" + std::string(key) + "'"));
  return value;
}

core::Status RocksReadPath::for_each(std::string_view prefix, const QueueReader::Visit& visit) const {
  if (auto open = check_open(); !open) return open;
  const std::string end = prefix_end(std::string(prefix));
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions how;
  if (!end.empty()) how.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> it(db_->db().NewIterator(how, db_->kv()));
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) {
    if (auto visited = visit(view(it->key()), view(it->value())); !visited) return visited;
  }
  if (!it->status().ok()) return core::fail(db_->to_error(it->status(), "reading stored values"));
  return {};
}

}  // namespace headgate::store
