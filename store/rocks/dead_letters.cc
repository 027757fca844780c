// Dead letters: what ends as dead goes into $dead, and back to where it came from, each in one write.
#include <utility>

#include "store/dead_letter.h"
#include "store/format/record_codec.h"
#include "store/rocks/store.h"

namespace headgate::store {

using core::Errc;

Seq RocksStore::dead_letter(QueueId queue, uint8_t lane, Seq seq, const Death& death) {
  if (closed_) return 0;
  if (failed_) {
    deaths_.push_back({{queue, lane}, seq, std::make_shared<const Death>(death)});
    return 0;
  }
  QueueState* state = table_.find(queue);
  if (state == nullptr || lane >= kLaneCount) return 0;
  return bury(*state, lane, seq, std::make_shared<const Death>(death));
}

Seq RocksStore::bury(QueueState& queue, uint8_t lane, Seq seq, const std::shared_ptr<const Death>& death) {
  auto entry = waiting_entry(queue, lane, seq);
  if (!entry) {
    if (entry.error().code == Errc::corrupt)
      end_unreadable(queue, lane, {seq, entry.error()});
    else if (entry.error().code != Errc::not_found)
      log_.error("dead_letter_unreadable",
                 {{"queue", queue.stats.name}, {"seq", seq}, {"error", entry.error().what}});
    return 0;
  }
  if (!take_out(queue, lane, seq, Outcome::dead)) return 0;
  open_.deaths.push_back({{queue.stats.id, lane}, seq, death});
  const auto dead = table_.find(kDeadQueue);
  if (!dead || *dead == queue.stats.id) return 0;
  const DeadLetter letter{queue.stats.name, lane, seq, entry->expires_ms, std::move(entry->tag), *death};
  return keep_letter(*table_.find(*dead), std::move(entry->message), encode_dead_letter(letter));
}

// Appends to the group that ends the entry. Its own entry has left already, so that the hub's limit is none.
Seq RocksStore::keep_letter(QueueState& dead, core::MessagePtr message, std::string tag) {
  const Target target{dead.stats.id, kDefaultLane, 0, std::move(tag)};
  const uint64_t bytes = stored_bytes(*message);
  const auto taking = make_room_in(std::span(&target, 1), bytes, last_seq_ + 1);
  if (!taking) turn_away(dead, kDefaultLane, last_seq_ + 1);
  if (taking && !taking->empty()) return collect(std::move(message), *taking, bytes);
  ++last_seq_;
  log_.warn("dead_letter_dropped", {{"queue", dead.stats.name}, {"bytes", bytes}});
  return 0;
}

// A durable entry that has not ended. Errors: not_found, corrupt (its message), io, unavailable.
core::Result<Entry> RocksStore::waiting_entry(const QueueState& queue, uint8_t lane, Seq seq) {
  const auto none = core::fail(
      Errc::not_found, "queue '" + queue.stats.name + "' has no message with seq " + std::to_string(seq));
  if (!queue.lanes[lane] || seq == 0 || seq > durable_ || queue.lanes[lane]->progress.finished(seq))
    return none;
  auto found = path_.read(queue, lane, seq - 1, {1, SIZE_MAX}, core::Now{});
  if (!found) return core::fail(found.error());
  if (!found->entries.empty() && found->entries.front().seq == seq) return std::move(found->entries.front());
  if (found->bad && found->bad->seq == seq) return core::fail(found->bad->error);
  return none;
}

core::Result<Seq> RocksStore::requeue(QueueId queue, uint8_t lane, Seq seq, core::MessagePtr message,
                                      const Target& to) {
  if (auto writable = check_may_append(); !writable) return core::fail(writable.error());
  QueueState* from = table_.find(queue);
  if (from == nullptr || lane >= kLaneCount)
    return core::fail(Errc::not_found, "there is no queue " + std::to_string(queue));
  if (auto known = check_targets(std::span(&to, 1)); !known) return core::fail(known.error());
  if (to.queue == queue)
    return core::fail(Errc::invalid, "a message is in queue '" + from->stats.name + "' already");
  if (const auto entry = waiting_entry(*from, lane, seq); !entry) return core::fail(entry.error());
  const uint64_t bytes = stored_bytes(*message);
  if (auto room = make_room_or_refuse(to, bytes); !room) return core::fail(room.error());
  open_.must_sync |= message->qos > 0;
  const Seq moved = collect(std::move(message), std::span(&to, 1), bytes);
  take_out(*from, lane, seq,
           Outcome::delivered);  // not to be done again if the group with the message is lost
  schedule();
  return moved;
}

// Does again what died and was not written.
void RocksStore::bury_again() {
  for (const DeadEntry& dead : std::exchange(deaths_, {})) {
    QueueState* queue = table_.find(dead.lane.queue);
    if (queue != nullptr && dead.lane.lane < kLaneCount) bury(*queue, dead.lane.lane, dead.seq, dead.death);
  }
}

}  // namespace headgate::store
