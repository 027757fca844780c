#include "store/rocks/books/intake.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "store/format/attributes_codec.h"

namespace headgate::store {
namespace {

// For kOpenBytesMax, what a message takes besides its text: the object, its place in the group, an entry per
// target.
constexpr size_t kOpenMessageBytes = 256;
constexpr size_t kOpenTargetBytes = 80;

size_t bytes_of(std::span<const KeyValue> values) {
  size_t sum = 0;
  for (const KeyValue& value : values) sum += value.key.size() + (value.value ? value.value->size() : 0);
  return sum;
}

}  // namespace

// Ids of queues are never used again, not even after a power cut: the next id is written with the queue's
// name, in one group.
QueueId Intake::add_queue(std::string_view name, const QueueAttributes& attributes) {
  const QueueId id = store_.meta.next_queue++;
  QueueState& queue = store_.table.add(id, name, attributes);
  committer_.open().new_queues.emplace_back(id, name);
  committer_.open().queue_attributes.emplace_back(id, encode_attributes(attributes));
  committer_.open().meta.push_back(next_queue_row(store_.meta.next_queue));
  books_.touch(queue);
  committer_.schedule();
  return id;
}

void Intake::set_attributes(QueueState& queue, const QueueAttributes& attributes) {
  if (queue.stats.attributes == attributes) return;
  store_.table.set_attributes(queue, attributes);
  committer_.open().queue_attributes.emplace_back(queue.stats.id, encode_attributes(attributes));
  committer_.schedule();
}

core::Status Intake::check_targets(std::span<const Target> targets) const {
  for (const Target& target : targets) {
    if (store_.table.find(target.queue) == nullptr || target.lane >= kLaneCount)
      return no_queue(target.queue);
  }
  return {};
}

Seq Intake::take_in(core::MessagePtr message, std::span<const Target> targets, uint64_t bytes) {
  const Seq seq = committer_.take_seq();
  if (targets.empty()) return seq;
  previous_.clear();
  for (const Target& target : targets)
    previous_.push_back(admit(*store_.table.find(target.queue), target, seq, *message, bytes));
  Group& open = committer_.open();
  payload_bytes_ += message->body.size();
  open.bytes += bytes;
  disk_.count_taken(bytes);
  open.held_bytes += kOpenMessageBytes + targets.size() * kOpenTargetBytes;
  store_.path.tail().add(seq, message);
  open.segment_for(seq).add(seq, std::move(message), bytes, targets, previous_);
  return seq;
}

// Counts the entry and returns the one before it in its lane.
Seq Intake::admit(QueueState& queue, const Target& target, Seq seq, const core::Message& message,
                  uint64_t bytes) {
  Lane& lane = queue.lane(target.lane);
  const Oldest entry{seq, message.arrived_hub_ms, target.expires_ms};
  if (queue.stats.lanes[target.lane].waiting == 0) lane.oldest = entry;
  // `first_pending` is the oldest entry that is not written yet. It is behind the others once they have been
  // written, or dropped before that; then this entry takes its place.
  if (lane.first_pending.seq <= std::max(lane.durable_last, lane.progress.checkpoint()))
    lane.first_pending = entry;
  if (target.expires_ms != 0) lane.pending_due_ms = std::min(lane.pending_due_ms, target.expires_ms);
  books_.count_in(queue, target.lane, bytes);
  return lane.progress.add(seq);
}

// Values of a Change that is undone when its write fails are marked by their place in the group; all others
// are written again on the database that is opened next.
void Intake::take_in(std::span<const KeyValue> values, IfLost if_lost) {
  Group& open = committer_.open();
  for (size_t i = 0; if_lost == IfLost::undo && i < values.size(); ++i)
    open.values_to_undo.push_back(open.values.size() + i);
  open.values.insert(open.values.end(), values.begin(), values.end());
  const size_t bytes = bytes_of(values);
  open.bytes += bytes;
  disk_.count_taken(bytes);
}

// A row is on the disk now and its entries can be read. Three things may have come between: all of it was
// dropped (and the segment left it out), a purge passed it (the sweeper will find it), or entries ended while
// the writer had it, the last of which would have deleted the row had it been there.
void Intake::settle(Segment::Row settled) {
  const LaneId id = settled.lane;
  IndexRow& row = settled.row;
  QueueState* queue = store_.table.find_any(id.queue);
  if (queue == nullptr) return;
  Lane& lane = queue->lane(id.lane);
  lane.durable_last = row.last();
  find_first_pending(id, lane);
  if (settled.left_out) return;
  const bool swept = lane.sweeping() && row.last() <= lane.sweep_to;
  if (swept || !lane.progress.passed(row.previous, row.last())) {
    if (!swept) lane.expiries.add({row.previous, row.last(), settled.due_ms});
    store_.path.rows().add(id, std::make_shared<IndexRow>(std::move(row)));
  } else {  // all of it was dropped while it was written
    reclaimer_.drop_row(id, row);
    committer_.schedule();
  }
}

// The lane's oldest entry behind those that are written, all of which are in the open group now.
void Intake::find_first_pending(LaneId id, Lane& lane) {
  lane.first_pending = {};
  const Seq after = std::max(lane.durable_last, lane.progress.checkpoint());
  if (lane.progress.last() <= after) {
    lane.pending_due_ms = ExpiryMap::kNever;
    return;
  }
  for (const Segment& segment : committer_.open().segments) {
    const RowEntry* entry = segment.first_after(id, after);
    if (entry == nullptr) continue;
    lane.first_pending = {entry->seq, entry->arrived_ms, entry->expires_ms};
    return;
  }
}

}  // namespace headgate::store
