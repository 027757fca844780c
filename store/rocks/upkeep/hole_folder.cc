#include "store/rocks/upkeep/hole_folder.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace headgate::store {
namespace {

// Ranges that one group folds, so that its rows take few milliseconds to write.
constexpr size_t kFoldAtOnce = 1'024;

IndexRow& copy_in(std::map<Seq, IndexRow>& rows, const IndexRow& row) {
  return rows.try_emplace(row.last(), row).first->second;
}

// Leaves a row the blocks that it needs, and those that others need too: whoever is last deletes them.
// Returns those that nobody needs.
std::vector<Seq> drop_unused_blocks(IndexRow& row) {
  std::vector<bool> used(row.blocks.size());
  for (const RowEntry& entry : row.entries) used[entry.block] = true;
  std::vector<Seq> dropped;
  std::vector<RowBlock> kept;
  std::vector<uint32_t> place(row.blocks.size());
  for (size_t i = 0; i < row.blocks.size(); ++i) {
    place[i] = static_cast<uint32_t>(kept.size());
    if (used[i] || row.blocks[i].shared)
      kept.push_back(row.blocks[i]);
    else
      dropped.push_back(row.blocks[i].id);
  }
  for (RowEntry& entry : row.entries) entry.block = place[entry.block];
  row.blocks = std::move(kept);
  return dropped;
}

}  // namespace

void HoleFolder::complete(Group& group) {
  for (const LaneId id : finisher_.take_holed()) {
    QueueState* queue = store_.table.find_any(id.queue);
    if (queue == nullptr) continue;
    const core::Status folded = fold_lane(id, queue->lane(id.lane), group);
    if (folded) continue;
    // The lane stays marked as being folded, so that this is not met again and again.
    store_.log.warn("fold_unreadable", {{"queue", queue->stats.name}, {"error", folded.error().what}});
  }
}

// Holes nearest to the head are left alone: a consumer closes them soon.
core::Status HoleFolder::fold_lane(LaneId id, Lane& lane, Group& group) {
  const auto& ranges = lane.progress.above().ranges();
  const size_t kept = store_.options.holes_max / 2;
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
    for (const Seq block : drop_unused_blocks(row)) group.dead_blocks.push_back(block);
    fold.rows.push_back(std::make_shared<IndexRow>(std::move(row)));
  }
  group.folds.push_back(std::move(fold));
  return {};
}

// Leaves the entries in (from, to] out of the two rows that may hold one, and lets the row behind follow the
// row before. False if no row lies behind yet.
core::Result<bool> HoleFolder::fold_range(LaneId id, Lane& lane, Seq from, Seq to,
                                          std::map<Seq, IndexRow>& rows) {
  const auto behind = store_.path.next_row(id, lane, to);
  if (!behind) return core::fail(behind.error());
  if (!*behind) return false;
  IndexRow& row = copy_in(rows, **behind);
  if (!row.leave_out(from, to)) return core::fail(core::Errc::corrupt, "a row holds nothing that waits");
  // The range lies within the row behind. Otherwise it began in an earlier row, or exactly between two: the
  // rows in between have ended whole and are deleted, so the row behind has to follow whatever lies before
  // the range.
  if (from >= row.previous) return true;
  const auto first = store_.path.rows_between(id, from, ~Seq{0}, 1);
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

// A range that has grown meanwhile stays: its neighbour ended by the rows as they were.
void HoleFolder::settle(const Fold& fold) {
  QueueState* queue = store_.table.find_any(fold.lane.queue);
  if (queue == nullptr) return;
  Lane& lane = queue->lane(fold.lane.lane);
  for (const IndexRowPtr& row : fold.rows) store_.path.rows().drop(fold.lane, row->last());
  lane.recent.reset();
  for (const auto& [from, to] : fold.ranges) lane.progress.forget(from, to);
  lane.folding = false;
  books_.touch(*queue);
  committer_.schedule();
  finisher_.note_if_holed(fold.lane, lane);
}

}  // namespace headgate::store
