#include "store/rocks/books/finisher.h"

#include <utility>

namespace headgate::store {

void Finisher::end(QueueState& queue, uint8_t lane, Seq seq, Outcome outcome) {
  RowPlace place;
  if (take_out(queue, lane, seq, outcome, place))
    committer_.open().redo.endings.push_back({{queue.stats.id, lane}, outcome, seq});
}

// An entry finishes its tile: all seqs from the entry before it in its lane. The row says where the tile
// ends, as entries that were folded away left their seqs to the tile of the one behind them. Whichever entry
// of a row ends last deletes the row, and whichever row is last deletes the block.
bool Finisher::take_out(QueueState& queue, uint8_t number, Seq seq, Outcome outcome, RowPlace& place,
                        bool makes_gap) {
  Lane& lane = queue.lane(number);
  if (seq > committer_.durable()) return false;
  const LaneId id{queue.stats.id, number};
  const auto found = store_.path.find(id, lane, seq, place);
  if (!found) {
    store_.log.error("finish_unreadable",
                     {{"queue", queue.stats.name}, {"seq", seq}, {"error", found.error().what}});
    return false;
  }
  if (!*found) return false;
  const IndexRow& row = *place.row;
  const Seq previous = row.before(place.position);
  lane.progress.finish(previous, row.tile_end(place.position));
  if (lane.oldest.seq == seq) lane.oldest = first_waiting(row, place.position + 1, lane);
  books_.count_out(queue, number, place.entry().bytes, outcome);
  if (store_.watcher != nullptr) store_.watcher->on_ended(queue.stats.id, number, seq, seq, 1, outcome);
  if (makes_gap && outcome != Outcome::delivered && queue.stats.attributes.keeps_gaps)
    queue.gaps.add(previous, {seq, seq, 1, outcome});
  if (lane.progress.passed(row.previous, row.last())) reclaimer_.drop_row(id, row);
  note_if_holed(id, lane);
  committer_.schedule();
  return true;
}

void Finisher::end_unreadable(QueueState& queue, uint8_t lane, const Found::Bad& bad) {
  store_.log.error(
      "message_unreadable",
      {{"queue", queue.stats.name}, {"seq", bad.seq}, {"error", bad.error.what}, {"outcome", "dead"}});
  end(queue, lane, bad.seq, Outcome::dead);
}

// The oldest may be on the disk, or still in a group that is collected or being written: there it cannot be
// taken out, only be counted out and left unread.
bool Finisher::drop_oldest(QueueState& queue, uint8_t number) {
  Lane& lane = queue.lane(number);
  if (!store_.path.find_oldest({queue.stats.id, number}, lane) || lane.oldest.seq == 0) return false;
  const Seq seq = lane.oldest.seq;
  if (seq <= committer_.durable())
    end(queue, number, seq, Outcome::dropped);
  else
    drop_pending(queue, number, seq);
  return lane.progress.finished(seq);
}

// Everything before it in its lane is finished.
void Finisher::drop_pending(QueueState& queue, uint8_t number, Seq seq) {
  const LaneId id{queue.stats.id, number};
  Lane& lane = queue.lane(number);
  const RowEntry* entry = committer_.find_pending(id, seq - 1);
  if (entry == nullptr || entry->seq != seq) return;
  const Seq head = lane.progress.checkpoint();
  lane.progress.finish(head, seq);
  lane.oldest = {};
  const RowEntry* next = committer_.find_pending(id, seq);
  lane.first_pending = next != nullptr ? Oldest{next->seq, next->arrived_ms, next->expires_ms} : Oldest{};
  books_.count_out(queue, number, entry->bytes, Outcome::dropped);
  if (store_.watcher != nullptr) store_.watcher->on_ended(id.queue, number, seq, seq, 1, Outcome::dropped);
  if (queue.stats.attributes.keeps_gaps) queue.gaps.add(head, {seq, seq, 1, Outcome::dropped});
  ended_pending_ = true;
  committer_.schedule();
}

void Finisher::leave_out_ended(Group& group) {
  if (!std::exchange(ended_pending_, false)) return;
  for (Segment& segment : group.segments) {
    segment.leave_out([this](LaneId lane, Seq from, Seq to) { return store_.table.passed(lane, from, to); });
  }
}

void Finisher::drop_ended_rows(const Group& written) {
  for (const Segment& segment : written.segments) {
    for (const Segment::Row& settled : segment.rows()) {
      const LaneId id = settled.lane;
      const IndexRow& row = settled.row;
      const QueueState* queue = store_.table.find_any(id.queue);
      if (settled.left_out || queue == nullptr) continue;
      const Lane& lane = *queue->lanes[id.lane];
      const bool swept = lane.sweeping() && row.last() <= lane.sweep_to;
      if (!swept && lane.progress.passed(row.previous, row.last())) reclaimer_.drop_row(id, row);
    }
  }
}

// A lane is noted once. It stays marked while it is folded, so that each end beyond the limit does not note
// it again.
void Finisher::note_if_holed(LaneId id, Lane& lane) {
  if (lane.folding || lane.progress.above().ranges().size() <= store_.options.holes_max) return;
  lane.folding = true;
  holed_.push_back(id);
}

void Finisher::restart() {
  holed_.clear();
  ended_pending_ = false;
}

}  // namespace headgate::store
