// Reading ahead (docs/adr/0025): a consumer that works through a backlog finds the next rows and blocks in
// memory, and the loop neither waits for the disk nor uncompresses.
#include <utility>

#include "store/rocks/store.h"

namespace headgate::store {
namespace {

// At a time, whichever comes first.
constexpr size_t kRowsAhead = 8;
constexpr size_t kBytesAhead = 1u << 20;

// Reads what the rows after `from` need into the database's cache; returns the rows. What cannot be read is
// left to whoever needs it.
std::vector<IndexRowPtr> read_into_cache(const RocksDb& db, LaneId id, Seq from) {
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

Seq RocksStore::in_files() const { return std::max(recovered_, db_->sealed_blocks()); }

// Rows that are still in memtables are in the cache of rows, and need no reading.
void RocksStore::read_ahead(LaneId id, const Lane& lane, Seq last) {
  const bool inside = last >= lane.ahead_from && last < lane.ahead_to;
  if (inside && last < lane.ahead_again) return;
  if (closed_ || last >= lane.durable_last || last >= in_files()) return;
  if (std::exchange(reading_ahead_, true)) return;
  reader_.post([this, db = db_, id, last, from = inside ? lane.ahead_to : last, folds = folds_settled_,
                generation = generation_, alive = std::weak_ptr(alive_), &executor = executor_]() mutable {
    auto rows = read_into_cache(*db, id, from);
    db.reset();
    executor.post([this, alive, id, last, folds, generation, rows = std::move(rows)]() mutable {
      if (!alive.lock() || generation != generation_) return;
      reading_ahead_ = false;
      if (folds == folds_settled_) on_read_ahead(id, last, std::move(rows));
    });
  });
}

void RocksStore::on_read_ahead(LaneId id, Seq from, std::vector<IndexRowPtr> rows) {
  QueueState* queue = table_.find_any(id.queue);
  if (queue == nullptr || rows.empty()) return;
  Lane& lane = queue->lane(id.lane);
  lane.ahead_from = from;
  lane.ahead_again = rows[rows.size() / 2]->last();
  lane.ahead_to = rows.back()->last();
  for (IndexRowPtr& row : rows) {
    const bool dropped = lane.progress.passed(row->previous, row->last());
    if (!dropped) path_.rows().add(id, std::move(row));
  }
}

}  // namespace headgate::store
