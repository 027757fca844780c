// Changes. All of one is checked before any of it is done, so that an error leaves nothing behind; what is
// done then joins the open group, which is one write.
//
// What fails that write takes all of a Change with it. One that is `redo` leaves what is needed to do it again
// in Group::redo: for an entry that ended 24 bytes, for a message that was appended the message.
#include <algorithm>
#include <tuple>
#include <utility>

#include "store/dead_letter.h"
#include "store/format/record_codec.h"
#include "store/rocks/store.h"

namespace headgate::store {

using core::Errc;

core::Result<Seq> RocksStore::commit(const Change& change) {
  if (closed_) return core::fail(check_writable().error());
  if (failed_) return keep_for_later(change);
  if (auto possible = check_possible(change); !possible) return core::fail(possible.error());
  Seq seq = 0;
  for (const End& end : change.ends) seq = std::max(seq, end_one(end, change.if_lost));
  for (const GapsDropped& gaps : change.gaps_dropped) drop_gaps(gaps, change.if_lost);
  for (const Append& append : change.appends) seq = take_in(append, change.if_lost);
  if (!change.values.empty()) add_values(change.values, change.if_lost);
  open_.must_sync |= change.must_sync;
  if (change.appends.empty() && (change.must_sync || !change.values.empty())) seq = ++last_seq_;
  if (seq != 0) schedule();
  return seq;
}

core::Status RocksStore::check_possible(const Change& change) {
  const bool lone_end = change.ends.size() == 1 && change.appends.empty() && change.values.empty();
  if (!lone_end || change.ends.front().required) {
    if (auto readable = check_ends(change.ends); !readable) return readable;
  }
  if (change.appends.empty()) return {};
  if (auto may = check_may_append(); !may) return may;
  for (const Append& append : change.appends) {
    if (auto possible = check_append(append); !possible) return possible;
  }
  return check_room(change);
}

core::Status RocksStore::check_ends(std::span<const End> ends) {
  IndexRowPtr row;
  for (const End& end : ends) {
    const auto found = find_waiting(end, row);
    if (!found) return core::fail(found.error());
    if (*found == nullptr && end.required) {
      return core::fail(Errc::not_found, "no message with seq " + std::to_string(end.seq) +
                                             " waits in queue " + std::to_string(end.queue));
    }
    if (*found == nullptr || end.death == nullptr) continue;
    const auto entry = waiting_entry(*table_.find(end.queue), end.lane, end.seq);
    if (!entry && entry.error().code != Errc::corrupt) return core::fail(entry.error());
  }
  return {};
}

// The entry that `end` is about; null if it does not wait. `row` holds it.
core::Result<const RowEntry*> RocksStore::find_waiting(const End& end, IndexRowPtr& row) {
  const QueueState* queue = table_.find(end.queue);
  if (queue == nullptr || end.lane >= kLaneCount || !queue->lanes[end.lane]) return nullptr;
  const Lane& lane = *queue->lanes[end.lane];
  if (end.seq == 0 || end.seq > durable_ || lane.progress.finished(end.seq)) return nullptr;
  auto found = path_.next_row({end.queue, end.lane}, lane, end.seq - 1);
  if (!found) return core::fail(found.error());
  row = *std::move(found);
  if (!row) return nullptr;
  const size_t position = row->position(end.seq);
  if (position == row->entries.size() || row->entries[position].seq != end.seq) return nullptr;
  return &row->entries[position];
}

core::Status RocksStore::check_append(const Append& append) {
  if (auto known = check_targets(append.targets); !known) return known;
  return check_disk_room(*append.message, append.targets);
}

core::Status RocksStore::check_room(const Change& change) {
  const auto limited = [this](const Append& append) { return is_limited(append.targets); };
  if (std::ranges::none_of(change.appends, limited)) return {};
  forecast_.clear();
  if (!change.ends.empty()) forecast_ends(change.ends);
  for (const Append& append : change.appends) {
    const uint64_t bytes = append.targets.empty() ? 0 : stored_bytes(*append.message);
    if (!append.never_dropped) {
      if (auto room = check_room(append.targets, bytes); !room) return room;
      continue;
    }
    for (const Target& target : append.targets) {
      if (auto room = make_room_or_refuse(target, bytes); !room) return room;
    }
  }
  return {};
}

// Counts an end that is named twice once.
void RocksStore::forecast_ends(std::span<const End> ends) {
  const auto place = [](const End& end) { return std::tuple(end.queue, end.lane, end.seq); };
  std::vector<End> sorted(ends.begin(), ends.end());
  std::ranges::sort(sorted, {}, place);
  const auto twice = std::ranges::unique(sorted, {}, place);
  sorted.erase(twice.begin(), twice.end());
  IndexRowPtr row;
  for (const End& end : sorted) {
    const auto entry = find_waiting(end, row);
    if (entry && *entry != nullptr) forecast_.ends(end.queue, (*entry)->bytes, end.death != nullptr);
  }
}

// Returns the seq of the dead letter, if there is one.
Seq RocksStore::end_one(const End& end, IfLost if_lost) {
  QueueState* queue = table_.find(end.queue);
  if (queue == nullptr || end.lane >= kLaneCount || !queue->lanes[end.lane]) return 0;
  if (end.death != nullptr)
    return bury(*queue, end.lane, end.seq, std::make_shared<const Death>(*end.death), if_lost);
  if (take_out(*queue, end.lane, end.seq, end.outcome) && if_lost == IfLost::redo)
    open_.redo.endings.push_back({{end.queue, end.lane}, end.outcome, end.seq});
  return 0;
}

void RocksStore::drop_gaps(const GapsDropped& gaps, IfLost if_lost) {
  QueueState* queue = table_.find(gaps.queue);
  if (queue == nullptr) return;
  queue->gaps.drop(gaps.up_to);
  if (if_lost == IfLost::redo) open_.redo.gaps_dropped.push_back(gaps);
  touch(*queue);
  schedule();
}

Seq RocksStore::take_in(const Append& append, IfLost if_lost) {
  const uint64_t bytes = append.targets.empty() ? 0 : stored_bytes(*append.message);
  auto taking = append.targets;
  if (!append.never_dropped) taking = make_room_in(append.targets, bytes, last_seq_ + 1);
  if (if_lost == IfLost::redo)
    open_.redo.appends.push_back({append.message, {append.targets.begin(), append.targets.end()}});
  return collect(append.message, taking, bytes);
}

// The store has failed, and is open again later: replay().
core::Result<Seq> RocksStore::keep_for_later(const Change& change) {
  const bool required = std::ranges::any_of(change.ends, &End::required);
  const bool too_much = !change.values.empty() && open_.bytes >= kOpenBytesMax;
  if (change.if_lost == IfLost::undo || !change.appends.empty() || required || too_much)
    return core::fail(check_writable().error());
  for (const End& end : change.ends) {
    const LaneId lane{end.queue, end.lane};
    if (end.death != nullptr)
      redo_.deaths.push_back({lane, end.seq, std::make_shared<const Death>(*end.death)});
    else
      redo_.endings.push_back({lane, end.outcome, end.seq});
  }
  redo_.gaps_dropped.insert(redo_.gaps_dropped.end(), change.gaps_dropped.begin(), change.gaps_dropped.end());
  if (!change.values.empty()) add_values(change.values, IfLost::redo);
  open_.must_sync |= change.must_sync;
  if (!change.values.empty() || change.must_sync) return ++last_seq_;
  return Seq{0};
}

}  // namespace headgate::store
