#include "store/rocks/upkeep/sweeper.h"

#include <algorithm>

namespace headgate::store {
namespace {

// Rows that are deleted with one group.
constexpr size_t kSweepRows = 64;

}  // namespace

Sweeper::Sweeper(Running& store, Committer& committer, Books& books, Reclaimer& reclaimer)
    : store_(store), committer_(committer), books_(books), reclaimer_(reclaimer) {
  restart();
}

void Sweeper::restart() {
  sweeping_.clear();
  for (const auto& [id, queue] : store_.table.all()) {
    if (queue->removed || queue->sweeping()) sweeping_.insert(id);
  }
  if (!sweeping_.empty()) committer_.schedule();
}

uint64_t Sweeper::purge(QueueState& queue) {
  uint64_t purged = 0;
  for (uint8_t lane = 0; lane < kLaneCount; ++lane) purged += purge_lane(queue, lane);
  count_outcome(queue.stats, Outcome::dropped, purged);
  books_.touch(queue);
  return purged;
}

uint64_t Sweeper::purge_lane(QueueState& queue, uint8_t number) {
  LaneStats& stats = queue.stats.lanes[number];
  if (stats.waiting == 0) return 0;
  Lane& lane = queue.lane(number);
  if (auto found = store_.path.find_oldest({queue.stats.id, number}, lane); !found)
    store_.log.warn("purge_unreadable", {{"queue", queue.stats.name}, {"error", found.error().what}});
  const Seq head = lane.progress.checkpoint();
  const Seq first = lane.oldest.seq != 0 ? lane.oldest.seq : head + 1;
  if (queue.stats.attributes.keeps_gaps)
    queue.gaps.add(head, {first, lane.progress.last(), stats.waiting, Outcome::dropped});
  if (store_.watcher != nullptr)
    store_.watcher->on_ended(queue.stats.id, number, first, lane.progress.last(), stats.waiting,
                             Outcome::dropped);
  if (!lane.sweeping()) lane.sweep_from = head;
  lane.sweep_to = lane.progress.last();
  sweeping_.insert(queue.stats.id);
  lane.progress.finish_all();
  lane.oldest = {};
  lane.expiries.clear();
  lane.pending_due_ms = ExpiryMap::kNever;
  return books_.count_emptied(stats);
}

void Sweeper::remove(QueueState& queue) {
  store_.table.remove(queue);
  sweeping_.insert(queue.stats.id);
}

void Sweeper::step() {
  size_t budget = kSweepRows;
  while (!sweeping_.empty() && budget > 0) {
    const QueueId id = *sweeping_.begin();
    QueueState& queue = *store_.table.find_any(id);
    const size_t before = budget;
    if (auto swept = sweep_queue(queue, budget); !swept) {
      store_.log.warn("purge_unreadable", {{"queue", queue.stats.name}, {"error", swept.error().what}});
      sweeping_.erase(id);  // until the store is opened again
      continue;
    }
    if (queue.sweeping() && budget == before) return;  // the rest is still being written
    if (queue.sweeping()) continue;
    sweeping_.erase(id);
    committer_.schedule();
    if (!queue.removed) continue;
    committer_.open().dead_queues.push_back(id);
    store_.table.erase(id);
  }
}

core::Status Sweeper::sweep_queue(QueueState& queue, size_t& budget) {
  for (uint8_t number = 0; number < kLaneCount && budget > 0; ++number) {
    if (!queue.lanes[number] || !queue.lanes[number]->sweeping()) continue;
    Lane& lane = *queue.lanes[number];
    const LaneId id{queue.stats.id, number};
    const Seq durable = committer_.durable();
    const auto rows = store_.path.rows_between(id, lane.sweep_from, std::min(lane.sweep_to, durable), budget);
    if (!rows) return core::fail(rows.error());
    for (const IndexRowPtr& row : *rows) reclaimer_.drop_row(id, *row);
    const bool done = rows->size() < budget && durable >= lane.sweep_to;
    if (done)
      lane.sweep_from = lane.sweep_to = 0;
    else if (!rows->empty())
      lane.sweep_from = rows->back()->last();
    if (!done && rows->empty()) continue;
    budget -= rows->size();
    books_.touch(queue);
    committer_.schedule();
  }
  return {};
}

}  // namespace headgate::store
