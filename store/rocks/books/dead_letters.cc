#include "store/rocks/books/dead_letters.h"

#include <utility>

#include "store/format/record_codec.h"

namespace headgate::store {

using core::Errc;

Seq DeadLetters::dead_letter(QueueState& queue, uint8_t lane, Seq seq,
                             const std::shared_ptr<const Death>& death, IfLost if_lost) {
  auto entry = waiting_entry(queue, lane, seq);
  if (!entry) {
    if (entry.error().code == Errc::corrupt)
      finisher_.end_unreadable(queue, lane, {seq, entry.error()});
    else if (entry.error().code != Errc::not_found)
      store_.log.error("dead_letter_unreadable",
                       {{"queue", queue.stats.name}, {"seq", seq}, {"error", entry.error().what}});
    return 0;
  }
  RowPlace place;
  if (!finisher_.take_out(queue, lane, seq, Outcome::dead, place)) return 0;
  if (if_lost == IfLost::redo) committer_.open().redo.deaths.push_back({{queue.stats.id, lane}, seq, death});
  const auto dead = store_.table.dead_queue();
  if (!dead || *dead == queue.stats.id) return 0;
  const DeadLetter letter{queue.stats.name, lane, seq, entry->expires_ms, std::move(entry->tag), *death};
  return keep_letter(*store_.table.find(*dead), std::move(entry->message), encode_dead_letter(letter));
}

// Appends to the group that ends the entry. Its own entry has left already, so that the hub's limit is none.
Seq DeadLetters::keep_letter(QueueState& dead, core::MessagePtr message, std::string tag) {
  const Target target{dead.stats.id, kDefaultLane, 0, std::move(tag)};
  const uint64_t bytes = stored_bytes(*message);
  const Seq seq = committer_.last_seq() + 1;
  limits_.new_forecast();
  const bool refused = limits_.apply_to({&target, 1}) && !limits_.check_room({&target, 1}, bytes);
  if (refused) books_.count_turned_away(dead, kDefaultLane, seq);
  const auto taking = refused ? std::span<const Target>() : limits_.make_room_in({&target, 1}, bytes, seq);
  if (!taking.empty()) return intake_.take_in(std::move(message), taking, bytes);
  committer_.take_seq();
  store_.log.warn("dead_letter_dropped", {{"queue", dead.stats.name}, {"bytes", bytes}});
  return 0;
}

core::Result<Entry> DeadLetters::waiting_entry(QueueState& queue, uint8_t lane, Seq seq) {
  const auto none = core::fail(
      Errc::not_found, "queue '" + queue.stats.name + "' has no message with seq " + std::to_string(seq));
  if (!queue.lanes[lane] || seq == 0 || seq > committer_.durable() ||
      queue.lanes[lane]->progress.finished(seq))
    return none;
  auto found = store_.path.read(queue, lane, seq - 1, {1, SIZE_MAX}, core::Now{});
  if (!found) return core::fail(found.error());
  if (!found->entries.empty() && found->entries.front().seq == seq) return std::move(found->entries.front());
  if (found->bad && found->bad->seq == seq) return core::fail(found->bad->error);
  return none;
}

}  // namespace headgate::store
