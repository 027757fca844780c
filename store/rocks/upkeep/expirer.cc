#include "store/rocks/upkeep/expirer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace headgate::store {
namespace {

// Entries that one tick ends at the heads before it lets others run.
constexpr size_t kExpireAtOnce = 8'192;

// Index entries that are looked through behind the heads: in a second, which is about a tenth of a core, and
// before others run.
constexpr int64_t kLooksPerSecond = 1'048'576;
constexpr int64_t kLooksAtOnce = 16'384;
// Other costs of that, in index entries: fetching a row; ending an entry, and that more for each so many gaps
// that the queue has already.
constexpr int64_t kRowLooks = 8;
constexpr int64_t kEndLooks = 16;
constexpr size_t kGapsALook = 32;
// A row of which something ends, but not all, is read once more and written anew: as much for each of its
// entries.
constexpr int64_t kAnewLooks = 2;
constexpr size_t kRowsAtOnce = 4;

// Holes that this may leave in a lane before they are folded.
constexpr size_t kHolesAtOnce = 2'048;

// A part of the index that cannot be read is tried again after this long.
constexpr int64_t kUnreadableMs = 60'000;

}  // namespace

void Expirer::tick(core::Now now) {
  expire_heads(now);
  expire_behind(now);
}

void Expirer::expire_heads(core::Now now) {
  if (!store_.life.is_open()) return;
  size_t budget = kExpireAtOnce;
  for (const auto& [id, queue] : store_.table.all()) {
    for (uint8_t lane = 0; lane < kLaneCount && !queue->removed; ++lane) {
      if (queue->stats.lanes[lane].waiting != 0) budget -= expire_lane(*queue, lane, now, budget);
    }
    if (budget > 0 && !queue->removed) budget -= std::min(budget, limits_.trim(*queue, budget));
    // Out of budget: the rest comes behind whatever else the loop has to do. Ended entries are gone by then,
    // so that starting from the first queue costs a look at each lane and no more.
    if (budget > 0) continue;
    store_.background.post([this, now] { expire_heads(now); });
    return;
  }
}

size_t Expirer::expire_lane(QueueState& queue, uint8_t number, core::Now now, size_t budget) {
  Lane& lane = queue.lane(number);
  size_t done = 0;
  while (done < budget && queue.stats.lanes[number].waiting != 0) {
    if (!store_.path.find_oldest({queue.stats.id, number}, lane)) break;
    const Oldest oldest = lane.oldest;
    const bool expired = has_expired(queue.stats.policy, oldest.arrived_ms, oldest.expires_ms, now.hub_ms);
    if (!expired || oldest.seq > committer_.durable()) break;
    finisher_.end(queue, number, oldest.seq, Outcome::expired);
    if (!lane.progress.finished(oldest.seq)) break;  // its row cannot be read
    ++done;
  }
  return done;
}

// Looks through the lanes where something may have expired behind the head, in turn, as far as the time since
// the last tick allows; the rest has its turn with the next.
void Expirer::expire_behind(core::Now now) {
  const int64_t elapsed_ms = std::clamp<int64_t>(now.mono_ms - looked_at_.mono_ms, 0, 1'000);
  // A budget a second, saved up for one second at most: after a pause of the machine the loop is not held up
  // by all that could have been looked at in it.
  looks_ = std::min(looks_ + elapsed_ms * kLooksPerSecond / 1'000, kLooksPerSecond);
  looked_at_ = now;
  for (const auto& [id, queue] : store_.table.all()) {
    for (uint8_t lane = 0; lane < kLaneCount && !queue->removed; ++lane) line_up_if_due(*queue, lane);
  }
  look_on();
}

void Expirer::go_on_with(LaneId id) {
  if (QueueState* queue = store_.table.find_any(id.queue); queue != nullptr) line_up_if_due(*queue, id.lane);
  look_soon();
}

void Expirer::line_up_if_due(QueueState& queue, uint8_t number) {
  if (queue.stats.lanes[number].waiting == 0) return;
  Lane& lane = queue.lane(number);
  if (lane.in_line || lane.expiries.due_ms() > looked_at_.hub_ms) return;
  if (lane.progress.above().ranges().size() > kHolesAtOnce) return;  // until they are folded
  lane.in_line = true;
  due_lanes_.push_back({queue.stats.id, number});
}

void Expirer::look_on() {
  if (!store_.life.is_open()) return;
  for (int64_t left = kLooksAtOnce; left > 0 && looks_ > 0 && !due_lanes_.empty();) {
    const LaneId id = due_lanes_.front();
    due_lanes_.pop_front();
    QueueState* queue = store_.table.find(id.queue);
    if (queue == nullptr) continue;
    queue->lane(id.lane).in_line = false;
    const int64_t looks = look_through(*queue, id.lane);
    looks_ -= looks;
    left -= looks;
    line_up_if_due(*queue, id.lane);
  }
  look_soon();
}

void Expirer::look_soon() {
  if (looks_ <= 0 || due_lanes_.empty() || std::exchange(look_posted_, true)) return;
  store_.background.post([this] {
    look_posted_ = false;
    look_on();
  });
}

// Ends what has expired in the next rows of a lane. Returns what that cost.
int64_t Expirer::look_through(QueueState& queue, uint8_t number) {
  Lane& lane = queue.lane(number);
  lane.expiries.forget_up_to(lane.progress.checkpoint());
  const auto stretch = lane.expiries.next_due(looked_at_.hub_ms);
  if (!stretch) return 1;
  const auto rows =
      store_.path.rows_between({queue.stats.id, number}, stretch->from, stretch->to, kRowsAtOnce);
  if (!rows) {
    store_.log.warn("expiry_unreadable", {{"queue", queue.stats.name}, {"error", rows.error().what}});
    lane.expiries.looked_at(*stretch, stretch->to, looked_at_.hub_ms + kUnreadableMs);
    return kRowLooks;
  }
  int64_t looks = 1;
  int64_t due_ms = ExpiryMap::kNever;
  for (const IndexRowPtr& row : *rows) due_ms = std::min(due_ms, expire_row(queue, number, *row, looks));
  // The stretch that was looked at gets the time when its next entry expires, and is left alone until then.
  // If it is not through, only the part that was looked at does; the rest stays due and has its turn again.
  const bool whole = rows->size() < kRowsAtOnce;
  lane.expiries.looked_at(*stretch, whole ? stretch->to : rows->back()->last(), due_ms);
  return looks;
}

// Returns when the next of the row's entries expires.
int64_t Expirer::expire_row(QueueState& queue, uint8_t number, const IndexRow& row, int64_t& looks) {
  const LaneProgress& progress = queue.lane(number).progress;
  int64_t due_ms = ExpiryMap::kNever;
  bool ended = false;
  const auto entries = static_cast<int64_t>(row.entries.size());
  looks += kRowLooks + entries;
  for (const RowEntry& entry : row.entries) {
    if (entry.expires_ms == 0 || progress.finished(entry.seq)) continue;
    if (entry.expires_ms > looked_at_.hub_ms) {
      due_ms = std::min(due_ms, entry.expires_ms);
      continue;
    }
    finisher_.end(queue, number, entry.seq, Outcome::expired);
    ended = true;
    looks += kEndLooks + static_cast<int64_t>(queue.gaps.list().size() / kGapsALook);
    // An entry that could not be ended lies in a row that cannot be read. Trying it in every turn would eat
    // the budget of all other lanes.
    if (!progress.finished(entry.seq)) due_ms = std::min(due_ms, looked_at_.hub_ms + kUnreadableMs);
  }
  if (ended) looks += kAnewLooks * entries;
  return due_ms;
}

}  // namespace headgate::store
