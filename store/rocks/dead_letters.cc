// Dead letters: what ends as dead goes into $dead, and back to where it came from, each in one write.
#include <utility>

#include "store/dead_letter.h"
#include "store/format/record_codec.h"
#include "store/rocks/store.h"

namespace headgate::store {

using core::Errc;

Seq RocksStore::bury(QueueState& queue, uint8_t lane, Seq seq, const std::shared_ptr<const Death>& death,
                     IfLost if_lost) {
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
  if (if_lost == IfLost::redo) open_.redo.deaths.push_back({{queue.stats.id, lane}, seq, death});
  const auto dead = table_.dead_queue();
  if (!dead || *dead == queue.stats.id) return 0;
  const DeadLetter letter{queue.stats.name, lane, seq, entry->expires_ms, std::move(entry->tag), *death};
  return keep_letter(*table_.find(*dead), std::move(entry->message), encode_dead_letter(letter));
}

// Appends to the group that ends the entry. Its own entry has left already, so that the hub's limit is none.
Seq RocksStore::keep_letter(QueueState& dead, core::MessagePtr message, std::string tag) {
  const Target target{dead.stats.id, kDefaultLane, 0, std::move(tag)};
  const uint64_t bytes = stored_bytes(*message);
  const Seq seq = last_seq_ + 1;
  forecast_.clear();
  const bool refused = is_limited({&target, 1}) && !check_room({&target, 1}, bytes);
  if (refused) turn_away(dead, kDefaultLane, seq);
  const auto taking = refused ? std::span<const Target>() : make_room_in({&target, 1}, bytes, seq);
  if (!taking.empty()) return collect(std::move(message), taking, bytes);
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

}  // namespace headgate::store
