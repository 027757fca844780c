// What the store does beside taking in and giving out: purging, sweeping after purges, syncing by
// interval, giving space back.
#include <algorithm>
#include <utility>

#include "store/rocks/store.h"

namespace headgate::store {
namespace {

// A purge deletes its rows this many at a time, between other work.
constexpr size_t kSweepRows = 64;

// Rows that are read to learn what may be given back.
constexpr size_t kFloorRows = 64;

}  // namespace

core::Status RocksStore::remove_queue(QueueId queue) {
  QueueState* state = table_.find(queue);
  if (state == nullptr)
    return core::fail(core::Errc::not_found, "there is no queue " + std::to_string(queue));
  if (!failed_) {
    if (auto purged = purge(queue); !purged) return core::fail(purged.error());
  }  // else its rows are found and purged once the database is open again
  table_.remove(*state);
  sweeping_.insert(queue);
  return {};
}

core::Result<uint64_t> RocksStore::purge(QueueId queue) {
  QueueState* state = table_.find(queue);
  if (state == nullptr)
    return core::fail(core::Errc::not_found, "there is no queue " + std::to_string(queue));
  if (auto writable = check_writable(); !writable) return core::fail(writable.error());
  uint64_t purged = 0;
  for (uint8_t lane = 0; lane < kLaneCount; ++lane) purged += purge_lane(*state, lane);
  count_outcome(state->stats, Outcome::dropped, purged);
  touch(*state);
  schedule();
  return purged;
}

uint64_t RocksStore::purge_lane(QueueState& queue, uint8_t number) {
  LaneStats& stats = queue.stats.lanes[number];
  if (stats.waiting == 0) return 0;
  Lane& lane = queue.lane(number);
  const LaneId id{queue.stats.id, number};
  if (auto found = path_.find_oldest(id, lane); !found) {
    log_.warn("purge_unreadable", {{"queue", queue.stats.name}, {"error", found.error().what}});
  }
  const Seq head = lane.progress.head();
  const Seq first = lane.oldest.seq != 0 ? lane.oldest.seq : head + 1;
  if (queue.stats.attributes.keeps_gaps)
    queue.gaps.add(head, {first, lane.progress.last(), stats.waiting, Outcome::dropped});
  if (!lane.sweeping()) lane.sweep_from = head;
  lane.sweep_to = lane.progress.last();
  sweeping_.insert(queue.stats.id);
  lane.progress.finish_all();
  lane.oldest = {};
  lane.expiries.clear();
  lane.pending_due_ms = ExpiryMap::kNever;
  waiting_bytes_ -= stats.waiting_bytes;
  on_room_made();
  return std::exchange(stats, LaneStats{}).waiting;
}

// Deletes some of the rows that purges left behind. Runs after each group, and its own work makes the next.
void RocksStore::sweep() {
  size_t budget = kSweepRows;
  while (!sweeping_.empty() && budget > 0) {
    const QueueId id = *sweeping_.begin();
    QueueState& queue = *table_.find_any(id);
    const size_t before = budget;
    if (auto swept = sweep_queue(queue, budget); !swept) {
      log_.warn("purge_unreadable", {{"queue", queue.stats.name}, {"error", swept.error().what}});
      sweeping_.erase(id);  // until the store is opened again
      continue;
    }
    if (queue.sweeping() && budget == before) return;  // the rest is still being written
    if (queue.sweeping()) continue;
    sweeping_.erase(id);
    has_work_ = true;
    if (!queue.removed) continue;
    open_.dead_queues.push_back(id);
    table_.erase(id);
  }
}

core::Status RocksStore::sweep_queue(QueueState& queue, size_t& budget) {
  for (uint8_t number = 0; number < kLaneCount && budget > 0; ++number) {
    if (!queue.lanes[number] || !queue.lanes[number]->sweeping()) continue;
    Lane& lane = *queue.lanes[number];
    const LaneId id{queue.stats.id, number};
    const auto rows = path_.rows_between(id, lane.sweep_from, std::min(lane.sweep_to, durable_), budget);
    if (!rows) return core::fail(rows.error());
    for (const IndexRowPtr& row : *rows) drop_row(id, *row);
    const bool done = rows->size() < budget && durable_ >= lane.sweep_to;
    if (done)
      lane.sweep_from = lane.sweep_to = 0;
    else if (!rows->empty())
      lane.sweep_from = rows->back()->last();
    if (!done && rows->empty()) continue;
    budget -= rows->size();
    touch(queue);
    has_work_ = true;
  }
  return {};
}

void RocksStore::tick(core::Now now) {
  ticked_at_ms_ = now.mono_ms;
  if (!closed_) look_at_disk();
  if (failed_ && !closed_) return reopen_if_due(now);
  if (!check_writable()) return;
  if (auto disk = db_->check_disk(); !disk) return fail(disk.error());  // it met that by itself
  if (db_->met_damage()) return fail(db_->damage());
  expire(now);
  expire_behind(now);
  sync_if_due(now);
  reclaim_if_due(now);
}

void RocksStore::sync_if_due(core::Now now) {
  if (durability_.mode != Durability::Mode::interval || !unsynced_) return;
  if (now.mono_ms - synced_at_ms_ < durability_.interval_ms) return;
  synced_at_ms_ = now.mono_ms;
  unsynced_ = false;
  writer_.post(
      [this, db = db_, generation = generation_, alive = std::weak_ptr(alive_), &executor = executor_] {
        core::Status status = db->sync_wal();
        if (status) return;
        write_failed_ = true;
        executor.post([this, alive, generation, error = status.error()] {
          if (alive.lock() && generation == generation_) fail(error);
        });
      });
}

// Files that are dropped stay dropped, and the finishes that allow it are neither written nor synced yet. So
// what is due goes with the group that carries them.
void RocksStore::reclaim_if_due(core::Now now) {
  if (housekeeping_) return;
  const RoomToCompact room = watch_.room_to_compact(waiting_bytes_);
  due_ = reclaim_.due(now.mono_ms, waiting_bytes_, room);
  if (due_ == Reclaim::nothing) return;
  if (due_ == Reclaim::everything) make_room_to_compact();
  housekeeping_ = true;
  schedule();
}

void RocksStore::reclaim(const Group& group) {
  housekeeper_.post([this, db = db_, what = group.reclaim, floor = group.floor, room = group.room_bytes,
                     generation = generation_, alive = std::weak_ptr(alive_), &executor = executor_] {
    db->reclaim(what, floor, room);
    executor.post([this, alive, generation] {
      if (alive.lock() && generation == generation_) on_reclaimed();
    });
  });
}

void RocksStore::on_reclaimed() {
  housekeeping_ = false;
  const bool was_low = watch_.low();
  watch_.on_compacting(0);
  if (was_low && !watch_.low()) on_room_made();
  look_at_disk();
}

// Every block with a smaller id is dead. What a lane may want is known roughly from its head, as a block that
// holds a seq began at most a segment's span before it, and exactly from a row: only those are read that
// count.
Seq RocksStore::floor() {
  std::vector<std::pair<Seq, LaneId>> wanted;
  for (const auto& [id, queue] : table_.all()) {
    for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
      if (queue->stats.lanes[lane].waiting == 0) continue;
      const Seq next = queue->lanes[lane]->progress.head() + 1;
      wanted.push_back({next > Segment::kSeqSpanMax ? next - Segment::kSeqSpanMax : 0, {id, lane}});
    }
  }
  const auto looked_at = std::min(wanted.size(), kFloorRows + 1);
  std::ranges::partial_sort(wanted, wanted.begin() + static_cast<std::ptrdiff_t>(looked_at), {},
                            &std::pair<Seq, LaneId>::first);
  Seq floor = last_seq_ + 1;
  for (size_t i = 0; i < wanted.size() && wanted[i].first < floor; ++i) {
    const auto& [roughly, lane] = wanted[i];
    if (i == kFloorRows) return roughly;
    floor = std::min(floor, first_block(lane).value_or(roughly));
  }
  return floor;
}

// The oldest block that the next entry of a lane may be in; none if that cannot be read, or is being written.
std::optional<Seq> RocksStore::first_block(LaneId id) {
  const Lane& lane = *table_.find_any(id.queue)->lanes[id.lane];
  const auto row = path_.next_row(id, lane, lane.progress.head());
  if (!row || !*row) return std::nullopt;
  return std::ranges::min((*row)->blocks, {}, &RowBlock::id).id;
}

}  // namespace headgate::store
