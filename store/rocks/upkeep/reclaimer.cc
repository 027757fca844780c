#include "store/rocks/upkeep/reclaimer.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace headgate::store {
namespace {

// Rows that are read to learn what may be given back.
constexpr size_t kFloorRows = 64;

}  // namespace

// A block of one lane dies with the row that has it. A block of several lanes says in its header which ones,
// and dies when the last of them has passed it; no count is kept, so none can be wrong after a crash.
void Reclaimer::drop_row(LaneId id, const IndexRow& row) {
  Group& open = committer_.open();
  open.dead_rows.push_back({id, row.last()});
  for (const RowBlock& block : row.blocks) {
    if (block.shared)
      drop_shared_block(block.id);
    else
      open.dead_blocks.push_back(block.id);
  }
  for (const RowEntry& entry : row.entries) policy_.died(entry.bytes);
  store_.path.rows().drop(id, row.last());
  if (QueueState* queue = store_.table.find_any(id.queue); queue != nullptr)
    queue->lane(id.lane).recent.reset();
}

// Whichever target lane finishes its row last finds that all others have passed the block.
void Reclaimer::drop_shared_block(Seq id) {
  const auto header = store_.path.block_header(id);
  if (!header) {
    if (header.error().code == core::Errc::not_found) return;
    store_.log.warn("block_unreadable", {{"block", id}, {"error", header.error().what}});
    return;
  }
  for (const LaneId& target : header->targets) {
    if (!is_done_with(target, id - 1, header->last)) return;
  }
  committer_.open().dead_blocks.push_back(id);
}

// True if the lane has no unfinished entry in (from, to]; rows are asked where holes were folded.
bool Reclaimer::is_done_with(LaneId id, Seq from, Seq to) {
  if (store_.table.passed(id, from, to)) return true;
  Lane& lane = *store_.table.find_any(id.queue)->lanes[id.lane];
  if (to > lane.durable_last) return false;
  for (Seq after = from;;) {
    const auto row = store_.path.next_row(id, lane, after);
    if (!row) return false;
    if (!*row) return true;
    for (size_t i = (*row)->position(after + 1); i < (*row)->entries.size(); ++i) {
      const Seq seq = (*row)->entries[i].seq;
      if (!lane.progress.finished(seq)) return seq > to;
    }
    after = (*row)->last();
  }
}

Seq Reclaimer::in_files() const { return std::max(recovered_, store_.db->sealed_blocks()); }

void Reclaimer::complete(Group& group) {
  leave_dead_blocks_to_files(group);
  group.reclaim = std::exchange(due_, Reclaim::nothing);
  if (group.reclaim != Reclaim::nothing) group.floor = floor();
  group.room_bytes = disk_.bytes_to_spare();
}

// In a memtable a deletion saves writing the block to a file. In a file it would only make files overlap that
// do not.
void Reclaimer::leave_dead_blocks_to_files(Group& group) {
  const auto in_file = [newest = in_files()](Seq id) { return id <= newest; };
  if (std::ranges::any_of(group.dead_blocks, [&](Seq id) { return in_file(id) && id >= floor_; }))
    floor_ = floor();
  std::erase_if(group.dead_blocks, [&](Seq id) { return in_file(id) && id < floor_; });
}

// Files that are dropped stay dropped, and the finishes that allow it are neither written nor synced yet. So
// what is due goes with the group that carries them.
void Reclaimer::tick(core::Now now, uint64_t waiting_bytes) {
  if (busy_) return;
  due_ = policy_.due(now.mono_ms, waiting_bytes, disk_.room_to_compact(waiting_bytes));
  if (due_ == Reclaim::nothing) return;
  if (due_ == Reclaim::everything) disk_.on_compacting(waiting_bytes);
  busy_ = true;
  committer_.schedule();
}

void Reclaimer::begin(const Group& group) {
  if (group.reclaim == Reclaim::nothing) return;
  const auto work = [db = store_.db, reclaim = group.reclaim, floor = group.floor, room = group.room_bytes] {
    db->reclaim(reclaim, floor, room);
    return core::Status();
  };
  store_.background.run(Background::Thread::housekeeper, work,
                        [this](const core::Status&) { on_reclaimed(); });
}

void Reclaimer::on_reclaimed() {
  busy_ = false;
  disk_.on_compacted();
}

// Every block with a smaller id is dead. What a lane may want is known roughly from its head, as a block that
// holds a seq began at most a segment's span before it, and exactly from a row: only those are read that
// count.
Seq Reclaimer::floor() {
  std::vector<std::pair<Seq, LaneId>> wanted;
  for (const auto& [id, queue] : store_.table.all()) {
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      if (queue->stats.lanes[lane].waiting == 0) continue;
      const Seq next = queue->lanes[lane]->progress.checkpoint() + 1;
      wanted.push_back({next > Segment::kSeqSpanMax ? next - Segment::kSeqSpanMax : 0, {id, lane}});
    }
  }
  const auto looked_at = std::min(wanted.size(), kFloorRows + 1);
  std::ranges::partial_sort(wanted, wanted.begin() + static_cast<std::ptrdiff_t>(looked_at), {},
                            &std::pair<Seq, LaneId>::first);
  Seq floor = committer_.last_seq() + 1;
  for (size_t i = 0; i < wanted.size() && wanted[i].first < floor; ++i) {
    const auto& [roughly, lane] = wanted[i];
    // More lanes may matter than are worth a read: then the rough answer holds, which is never above the
    // floor, so that only less is given back.
    if (i == kFloorRows) return roughly;
    floor = std::min(floor, first_block(lane).value_or(roughly));
  }
  return floor;
}

// The oldest block that the next entry of a lane may be in; none if that cannot be read, or is being written.
std::optional<Seq> Reclaimer::first_block(LaneId id) {
  Lane& lane = *store_.table.find_any(id.queue)->lanes[id.lane];
  const auto row = store_.path.next_row(id, lane, lane.progress.checkpoint());
  if (!row || !*row) return std::nullopt;
  return std::ranges::min((*row)->blocks, {}, &RowBlock::id).id;
}

void Reclaimer::restart() {
  recovered_ = committer_.last_seq();
  floor_ = 0;
  policy_.undone();
  due_ = Reclaim::nothing;
  busy_ = false;
}

}  // namespace headgate::store
