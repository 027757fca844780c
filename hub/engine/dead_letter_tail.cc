#include "hub/engine/dead_letter_tail.h"

namespace headgate::hub {

core::Status DeadLetterTail::watch(store::QueueId dead) {
  dead_ = dead;
  return consumers_.add(dead, kNoLanes, *this);
}

void DeadLetterTail::on_durable(store::Seq up_to) {
  if (!tails_.watches(dead_)) shown_ = up_to;
}

void DeadLetterTail::on_ready(store::QueueId queue, bool) {
  if (!tails_.watches(queue)) return;
  const auto letters = store_.read(queue, store::kDefaultLane, shown_, {}, clock_.now());
  if (!letters || letters->empty()) return;
  for (const store::Entry& letter : *letters) tails_.on_entry(queue, letter, store::kDefaultLane);
  shown_ = letters->back().seq;
  consumers_.wake(queue, *this);  // one read is bounded: there may be more
}

}  // namespace headgate::hub
