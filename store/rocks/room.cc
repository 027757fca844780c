// Limits of queues and of the store: what an append must make room for, and what is ended for it.
#include <algorithm>
#include <utility>

#include "store/accounts/overflow.h"
#include "store/rocks/store.h"

namespace headgate::store {
namespace {

// What one append ends for one target; with more to end than that the message itself is dropped. Only a limit
// that was lowered, or a message as large as thousands of those that wait, comes to it.
constexpr size_t kDropsAtOnce = 4'096;

}  // namespace

class RocksStore::QueueRoom final : public Room {
 public:
  // `arriving_bytes`: of what the same append has brought to other queues.
  QueueRoom(RocksStore& store, QueueState& queue, uint64_t arriving_bytes)
      : store_(store), queue_(queue), arriving_bytes_(arriving_bytes) {}

  const QueueStats& stats() const override { return queue_.stats; }
  Limit met_by(const Arrival& arrival) const override {
    return limit_met(queue_.stats, store_.waiting_bytes_ + arriving_bytes_, store_.bytes_max_, arrival);
  }
  Dilution& dilution() override {
    if (!queue_.dilution) queue_.dilution = std::make_unique<Dilution>();
    return *queue_.dilution;
  }
  std::vector<Entry> look(uint8_t lane, Seq after, ReadLimit limit) override {
    auto found = store_.path_.read(queue_, lane, after, limit, core::Now{});
    return found ? std::move(found->entries) : std::vector<Entry>();
  }
  bool drop(uint8_t lane, Seq seq) override {
    const uint64_t before = queue_.stats.dropped;
    store_.end_entry(queue_, lane, seq, Outcome::dropped);
    return queue_.stats.dropped > before;
  }
  bool drop_oldest(uint8_t lane) override { return store_.drop_oldest(queue_, lane); }

 private:
  RocksStore& store_;
  QueueState& queue_;
  uint64_t arriving_bytes_;
};

void RocksStore::set_policy(QueueId queue, const QueuePolicy& policy) {
  QueueState* state = table_.find(queue);
  if (state == nullptr || state->stats.policy == policy) return;
  state->stats.policy = policy;
  any_limited_ |= policy.limits_size();
  on_room_made();
}

void RocksStore::set_bytes_max(uint64_t bytes_max) {
  bytes_max_ = bytes_max;
  on_room_made();
}

bool RocksStore::is_limited(std::span<const Target> targets) const {
  if (bytes_max_ != 0 || !any_limited_) return bytes_max_ != 0;
  return std::ranges::any_of(targets, [this](const Target& target) {
    return table_.find(target.queue)->stats.policy.limits_size();
  });
}

// Those of `targets` that take the message; valid until the next call. Counts it for those that drop it. Those
// that would refuse have agreed before (check_room).
std::span<const Target> RocksStore::make_room_in(std::span<const Target> targets, uint64_t bytes, Seq seq) {
  if (!is_limited(targets)) return targets;
  taking_.clear();
  for (const Target& target : targets) {
    QueueState& queue = *table_.find(target.queue);
    QueueRoom room(*this, queue, taking_.size() * bytes);
    const bool agreed = queue.stats.policy.on_full == OnFull::reject;
    if (agreed || make_room(room, {1, bytes, target.lane}, kDropsAtOnce)) {
      taking_.push_back(target);
    } else {
      turn_away(queue, target.lane, seq);
    }
  }
  return taking_;
}

// All that refuse must agree before anything is changed for any. Goes on from what forecast_ knows.
core::Status RocksStore::check_room(std::span<const Target> targets, uint64_t bytes) {
  for (const Target& target : targets) {
    QueueState& queue = *table_.find(target.queue);
    const Limit met = forecast_.arrives(queue.stats, waiting_bytes_, bytes_max_, bytes, target.lane);
    if (queue.stats.policy.on_full != OnFull::reject || met == Limit::none) continue;
    ++queue.stats.refused;
    refused_ = true;
    return core::fail(core::Errc::full, describe(met, queue.stats, bytes_max_));
  }
  return {};
}

// For a message that must not be dropped itself.
core::Status RocksStore::make_room_or_refuse(const Target& target, uint64_t bytes) {
  QueueState& queue = *table_.find(target.queue);
  const Arrival arrival{1, bytes, target.lane};
  QueueRoom room(*this, queue, 0);
  if (make_room(room, arrival, kDropsAtOnce)) return {};
  return core::fail(core::Errc::full, describe(room.met_by(arrival), queue.stats, bytes_max_));
}

// The newest is dropped: it has been in, and never was in a lane.
void RocksStore::turn_away(QueueState& queue, uint8_t lane, Seq seq) {
  ++queue.stats.in;
  ++queue.stats.dropped;
  const Seq previous = queue.lanes[lane] ? queue.lanes[lane]->progress.last() : 0;
  if (queue.stats.attributes.keeps_gaps) queue.gaps.add(previous, {seq, seq, 1, Outcome::dropped});
  touch(queue);
}

bool RocksStore::drop_oldest(QueueState& queue, uint8_t number) {
  Lane& lane = queue.lane(number);
  if (!path_.find_oldest({queue.stats.id, number}, lane) || lane.oldest.seq == 0) return false;
  const Seq seq = lane.oldest.seq;
  if (seq <= durable_)
    end_entry(queue, number, seq, Outcome::dropped);
  else
    drop_pending(queue, number, seq);
  return lane.progress.finished(seq);
}

// Drops the oldest entry of a lane while it is still on its way to the disk. Everything before it is
// finished.
void RocksStore::drop_pending(QueueState& queue, uint8_t number, Seq seq) {
  const LaneId id{queue.stats.id, number};
  Lane& lane = queue.lane(number);
  const RowEntry* entry = find_pending(id, seq - 1);
  if (entry == nullptr || entry->seq != seq) return;
  const Seq head = lane.progress.head();
  lane.progress.finish(head, seq);
  lane.oldest = {};
  const RowEntry* next = find_pending(id, seq);
  lane.first_pending = next != nullptr ? Oldest{next->seq, next->arrived_ms, next->expires_ms} : Oldest{};
  count_out(queue, number, entry->bytes, Outcome::dropped);
  if (queue.stats.attributes.keeps_gaps) queue.gaps.add(head, {seq, seq, 1, Outcome::dropped});
  ended_pending_ = true;
  touch(queue);
  schedule();
}

// The first entry after `after` that is collected or being written. The writer may be at work on the same
// segments: it fills in offsets and bodies, and lets what is read here be (Segment::encode).
const RowEntry* RocksStore::find_pending(LaneId id, Seq after) const {
  for (const Group* group : {static_cast<const Group*>(in_flight_.get()), &open_}) {
    if (group == nullptr) continue;
    for (const Segment& segment : group->segments) {
      if (const RowEntry* entry = segment.first_after(id, after)) return entry;
    }
  }
  return nullptr;
}

// What was collected and dropped again is not written. Rows of which a part is left are.
void RocksStore::leave_out_ended() {
  if (!std::exchange(ended_pending_, false)) return;
  for (Segment& segment : open_.segments) {
    segment.leave_out([this](LaneId lane, Seq from, Seq to) { return is_passed(lane, from, to); });
  }
}

// The store is being closed, and nobody will settle the rows of the last group: deletes those that ended
// meanwhile, as settle_row() would have.
void RocksStore::let_go_of_in_flight() {
  if (!in_flight_) return;
  for (const Segment& segment : in_flight_->segments) {
    for (const Segment::Row& written : segment.rows()) {
      const LaneId id = written.lane;
      const IndexRow& row = written.row;
      const QueueState* queue = table_.find_any(id.queue);
      if (written.left_out || queue == nullptr) continue;
      const Lane& lane = *queue->lanes[id.lane];
      const bool swept = lane.sweeping() && row.last() <= lane.sweep_to;
      if (!swept && lane.progress.passed(row.previous, row.last())) drop_row(id, row);
    }
  }
}

// One entry less in a lane.
void RocksStore::count_out(QueueState& queue, uint8_t lane, uint64_t bytes, Outcome outcome) {
  --queue.stats.lanes[lane].waiting;
  queue.stats.lanes[lane].waiting_bytes -= bytes;
  waiting_bytes_ -= bytes;
  count_outcome(queue.stats, outcome, 1);
  on_room_made();
}

void RocksStore::on_room_made() {
  if (watch_.low() || !std::exchange(refused_, false)) return;
  on_loop([this] {
    if (events_ != nullptr) events_->on_room();
  });
}

// A limit was lowered: some of what is too much ends. Returns how many entries.
size_t RocksStore::trim(QueueState& queue, size_t budget) {
  if (!queue.stats.policy.limits_size()) return 0;
  const uint64_t before = queue.stats.dropped;
  QueueRoom room(*this, queue, 0);
  make_room(room, {}, budget);
  return queue.stats.dropped - before;
}

}  // namespace headgate::store
