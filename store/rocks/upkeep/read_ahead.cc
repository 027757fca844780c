#include "store/rocks/upkeep/read_ahead.h"

#include <utility>

namespace headgate::store {
namespace {

// At a time, whichever comes first.
constexpr size_t kRowsAhead = 8;
constexpr size_t kBytesAhead = 1u << 20;

// Reads what the rows after `from` need into the database's cache; returns the rows. What cannot be read is
// left to whoever needs it.
std::vector<IndexRowPtr> read_into_cache(RocksDb& db, LaneId id, Seq from) {
  auto rows = read_rows(db, id, from, ~Seq{0}, kRowsAhead, true);
  if (!rows) return {};
  size_t bytes = 0;
  for (size_t i = 0; i < rows->size(); ++i) {
    for (const RowBlock& block : (*rows)[i]->blocks) {
      rocksdb::PinnableSlice value;
      if (!db.db().Get({}, db.blk(), block_key(block.id), &value).ok()) continue;
      bytes += value.size();
    }
    if (bytes >= kBytesAhead) rows->resize(i + 1);
  }
  return *std::move(rows);
}

}  // namespace

// Rows that are still in memtables are in the cache of rows, and need no reading.
void ReadAhead::on_row(LaneId id, Lane& lane, Seq last) {
  const bool inside = last >= lane.ahead_from && last < lane.ahead_to;
  if (inside && last < lane.ahead_again) return;
  if (store_.life.is_closed() || last >= lane.durable_last || last >= reclaimer_.in_files()) return;
  if (std::exchange(reading_, true)) return;
  const auto read = [db = store_.db, id, from = inside ? lane.ahead_to : last] {
    return read_into_cache(*db, id, from);
  };
  // A fold may have written these rows anew while they were read. The old form names blocks that are deleted
  // by now, so what was read is thrown away then.
  const auto then = [this, id, last, rewritten = rows_rewritten_](std::vector<IndexRowPtr> rows) {
    reading_ = false;
    if (rewritten == rows_rewritten_) on_read(id, last, std::move(rows));
  };
  store_.background.run(Background::Thread::reader, read, then);
}

// The next rows are asked for when half of these have been read, so that the reader's thread stays ahead of
// the consumer without filling the caches with what is far away.
void ReadAhead::on_read(LaneId id, Seq from, std::vector<IndexRowPtr> rows) {
  QueueState* queue = store_.table.find_any(id.queue);
  if (queue == nullptr || rows.empty()) return;
  Lane& lane = queue->lane(id.lane);
  lane.ahead_from = from;
  lane.ahead_again = rows[rows.size() / 2]->last();
  lane.ahead_to = rows.back()->last();
  for (IndexRowPtr& row : rows) {
    const bool dropped = lane.progress.passed(row->previous, row->last());
    if (!dropped) store_.path.rows().add(id, std::move(row));
  }
}

}  // namespace headgate::store
