#include "store/rocks/books/books.h"

#include <utility>

namespace headgate::store {

void Books::touch(QueueState& queue) {
  if (!std::exchange(queue.dirty, true)) touched_.push_back(queue.stats.id);
}

void Books::count_in(QueueState& queue, uint8_t lane, uint64_t bytes) {
  LaneStats& stats = queue.stats.lanes[lane];
  ++stats.waiting;
  stats.waiting_bytes += bytes;
  waiting_bytes_ += bytes;
  stats.note_peak();
  ++queue.stats.in;
  touch(queue);
}

void Books::count_out(QueueState& queue, uint8_t lane, uint64_t bytes, Outcome outcome) {
  LaneStats& stats = queue.stats.lanes[lane];
  --stats.waiting;
  stats.waiting_bytes -= bytes;
  waiting_bytes_ -= bytes;
  count_outcome(queue.stats, outcome, 1);
  touch(queue);
  announcer_.room_made();
}

void Books::count_turned_away(QueueState& queue, uint8_t lane, Seq seq) {
  ++queue.stats.in;
  ++queue.stats.dropped;
  const Seq previous = queue.lanes[lane] ? queue.lanes[lane]->progress.last() : 0;
  if (queue.stats.attributes.keeps_gaps) queue.gaps.add(previous, {seq, seq, 1, Outcome::dropped});
  touch(queue);
}

uint64_t Books::count_emptied(LaneStats& lane) {
  waiting_bytes_ -= lane.waiting_bytes;
  announcer_.room_made();
  lane.waiting_bytes = 0;
  return std::exchange(lane.waiting, 0);
}

void Books::write_states(Group& group) {
  for (const QueueId id : std::exchange(touched_, {})) {
    QueueState* queue = store_.table.find_any(id);
    if (queue == nullptr) continue;
    queue->dirty = false;
    group.queue_states.emplace_back(id, encode_queue_state(*queue));
  }
}

void Books::recount() {
  waiting_bytes_ = 0;
  for (const auto& [id, queue] : store_.table.all()) {
    waiting_bytes_ += queue->stats.waiting_bytes();
    for (LaneStats& lane : queue->stats.lanes) lane.note_peak();
  }
}

void Books::restart() {
  touched_.clear();
  recount();
}

}  // namespace headgate::store
