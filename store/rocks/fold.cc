// Keeping the memory of a lane constant where entries end out of order: what expires behind the head, what a
// full queue is thinned of. Each leaves a hole, a finished range above the head. When there are too many, the
// rows round them are written again without what ended, and once that is on the disk the ranges are
// forgotten.
#include <algorithm>
#include <string>
#include <utility>

#include "store/rocks/store.h"

namespace headgate::store {
namespace {

// Ranges that one group folds, so that its rows take few milliseconds to write.
constexpr size_t kFoldAtOnce = 1'024;

IndexRow& copy_in(std::map<Seq, IndexRow>& rows, const IndexRow& row) {
  return rows.try_emplace(row.last(), row).first->second;
}

// Leaves a row the blocks that it needs, and those that others need too: whoever is last deletes them.
std::vector<Seq> let_go_of_blocks(IndexRow& row) {
  std::vector<bool> used(row.blocks.size());
  for (const RowEntry& entry : row.entries) used[entry.block] = true;
  std::vector<Seq> let_go;
  std::vector<RowBlock> kept;
  std::vector<uint32_t> place(row.blocks.size());
  for (size_t i = 0; i < row.blocks.size(); ++i) {
    place[i] = static_cast<uint32_t>(kept.size());
    if (used[i] || row.blocks[i].shared)
      kept.push_back(row.blocks[i]);
    else
      let_go.push_back(row.blocks[i].id);
  }
  for (RowEntry& entry : row.entries) entry.block = place[entry.block];
  row.blocks = std::move(kept);
  return let_go;
}

}  // namespace

void RocksStore::fold_if_holed(LaneId id, Lane& lane) {
  if (lane.folding || lane.progress.above().ranges().size() <= options_.holes_max) return;
  lane.folding = true;
  to_fold_.push_back(id);
}

void RocksStore::fold_holes() {
  for (const LaneId id : std::exchange(to_fold_, {})) {
    QueueState* queue = table_.find_any(id.queue);
    if (queue == nullptr) continue;
    if (auto folded = fold_lane(id, queue->lane(id.lane));
        !folded) {  // and stays marked: not again and again
      log_.warn("fold_unreadable", {{"queue", queue->stats.name}, {"error", folded.error().what}});
    }
  }
}

// Those nearest to the head are left alone: a consumer closes them soon.
core::Status RocksStore::fold_lane(LaneId id, Lane& lane) {
  const auto& ranges = lane.progress.above().ranges();
  const size_t kept = options_.holes_max / 2;
  Fold fold{id, {}, {}};
  std::map<Seq, IndexRow> rows;
  auto range = ranges.end();
  if (ranges.size() > kept)
    range = std::prev(range, static_cast<std::ptrdiff_t>(std::min(ranges.size() - kept, kFoldAtOnce)));
  for (; range != ranges.end(); ++range) {
    auto folded = fold_range(id, lane, range->first, range->second, rows);
    if (!folded) return core::fail(folded.error());
    if (*folded) fold.ranges.push_back(*range);
  }
  lane.folding = !fold.ranges.empty();
  if (!lane.folding) return {};
  for (auto& [last, row] : rows) {
    for (const Seq block : let_go_of_blocks(row)) open_.dead_blocks.push_back(block);
    fold.rows.push_back(std::make_shared<IndexRow>(std::move(row)));
  }
  open_.folds.push_back(std::move(fold));
  return {};
}

// Leaves the entries in (from, to] out of the two rows that may hold one, and lets the row behind follow the
// row before. False if no row lies behind yet.
core::Result<bool> RocksStore::fold_range(LaneId id, const Lane& lane, Seq from, Seq to,
                                          std::map<Seq, IndexRow>& rows) {
  const auto behind = path_.next_row(id, lane, to);
  if (!behind) return core::fail(behind.error());
  if (!*behind) return false;
  IndexRow& row = copy_in(rows, **behind);
  if (!row.leave_out(from, to)) return core::fail(core::Errc::corrupt, "a row holds nothing that waits");
  if (from >= row.previous) return true;
  const auto first = path_.rows_between(id, from, ~Seq{0}, 1);
  if (!first) return core::fail(first.error());
  if (!first->empty() && first->front()->previous < from) {
    IndexRow& before = copy_in(rows, *first->front());
    if (!before.leave_out(from, to)) return core::fail(core::Errc::corrupt, "a row holds nothing that waits");
    row.previous = before.last();
  } else {
    row.previous = from;
  }
  return true;
}

// The rows are on the disk. A range that has grown meanwhile stays: its neighbour ended by the rows as they
// were.
void RocksStore::settle_fold(const Fold& fold) {
  ++folds_settled_;
  QueueState* queue = table_.find_any(fold.lane.queue);
  if (queue == nullptr) return;
  Lane& lane = queue->lane(fold.lane.lane);
  for (const IndexRowPtr& row : fold.rows) path_.rows().drop(fold.lane, row->last());
  lane.recent.reset();
  for (const auto& [from, to] : fold.ranges) lane.progress.forget(from, to);
  lane.folding = false;
  touch(*queue);
  has_work_ = true;
  fold_if_holed(fold.lane, lane);
  line_up_if_due(*queue, fold.lane.lane);
  look_soon();
}

// True if the lane has no unfinished entry in (from, to]; rows are asked where holes were folded.
bool RocksStore::is_done_with(LaneId id, Seq from, Seq to) {
  if (is_passed(id, from, to)) return true;
  const Lane& lane = *table_.find_any(id.queue)->lanes[id.lane];
  if (to > lane.durable_last) return false;
  for (Seq after = from;;) {
    const auto row = path_.next_row(id, lane, after);
    if (!row) return false;
    if (!*row) return true;
    for (size_t i = (*row)->position(after + 1); i < (*row)->entries.size(); ++i) {
      const Seq seq = (*row)->entries[i].seq;
      if (!lane.progress.finished(seq)) return seq > to;
    }
    after = (*row)->last();
  }
}

}  // namespace headgate::store
