#include "store/rocks/books/changes.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/dead_letter.h"
#include "store/format/record_codec.h"

namespace headgate::store {
namespace {

using core::Errc;

uint64_t bytes_of(const Append& append) { return append.targets.empty() ? 0 : stored_bytes(*append.message); }

template <typename T>
void append_all(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

// Everything is checked before anything is done: after the first step nothing may fail, as there is no way
// back from a counted entry. Ends come first, since they make the room that appends may need.
core::Result<Seq> Changes::commit(const Change& change) {
  const LifeCycle& life = parts_.store.life;
  if (life.is_closed()) return core::fail(life.check_open().error());
  if (life.is_broken()) return keep_for_later(change);
  if (auto possible = check(change); !possible) return core::fail(possible.error());
  Seq seq = 0;
  RowPlace place;
  for (const End& one : change.ends) seq = std::max(seq, end(one, change.if_lost, place));
  for (const GapsDropped& gaps : change.gaps_dropped) drop_gaps(gaps, change.if_lost);
  Seq first_appended = 0;
  for (const Append& one : change.appends) {
    seq = append(one, change.if_lost);
    if (first_appended == 0) first_appended = seq;
  }
  for (const Target& one : change.turned_away) seq = turn_away(one);
  for (const Folded& one : change.folded) note_folded(one, first_appended, seq);
  if (!change.values.empty()) parts_.intake.take_in(change.values, change.if_lost);
  parts_.committer.open().must_sync |= change.must_sync;
  if (change.appends.empty() && (change.must_sync || !change.values.empty()))
    seq = parts_.committer.take_seq();
  if (seq != 0) parts_.committer.schedule();
  return seq;
}

core::Status Changes::check(const Change& change) {
  // A lone end that need not wait is the path of every acknowledgement: it checks itself, and does nothing if
  // the entry is not there.
  const bool lone_end = change.ends.size() == 1 && change.appends.empty() && change.values.empty();
  if (!lone_end || change.ends.front().required) {
    if (auto readable = check_ends(change.ends); !readable) return readable;
  }
  if (auto known = parts_.intake.check_targets(change.turned_away); !known) return known;
  if (change.appends.empty()) return {};
  if (auto keeps_up = parts_.committer.check_keeps_up(); !keeps_up) return keeps_up;
  for (const Append& one : change.appends) {
    if (auto possible = check_append(one); !possible) return possible;
  }
  return check_room(change);
}

core::Status Changes::check_ends(std::span<const End> ends) {
  RowPlace place;
  for (const End& one : ends) {
    const auto found = find_waiting(one, place);
    if (!found) return core::fail(found.error());
    if (!*found && one.required) {
      return core::fail(Errc::not_found, "no message with seq " + std::to_string(one.seq) +
                                             " waits in queue " + std::to_string(one.queue));
    }
    if (!*found || one.death == nullptr) continue;
    const auto entry = parts_.letters.waiting_entry(*parts_.store.table.find(one.queue), one.lane, one.seq);
    if (!entry && entry.error().code != Errc::corrupt) return core::fail(entry.error());
  }
  return {};
}

// Moves `place` to the entry that `end` is about; false if it does not wait.
core::Result<bool> Changes::find_waiting(const End& end, RowPlace& place) {
  const QueueState* queue = parts_.store.table.find(end.queue);
  if (queue == nullptr || end.lane >= kLaneCount || !queue->lanes[end.lane]) return false;
  if (end.seq > parts_.committer.durable()) return false;
  return parts_.store.path.find({end.queue, end.lane}, *queue->lanes[end.lane], end.seq, place);
}

core::Status Changes::check_append(const Append& append) const {
  if (auto known = parts_.intake.check_targets(append.targets); !known) return known;
  return parts_.disk.check_room(room_for(
      append, [this](QueueId queue) { return parts_.store.table.find(queue)->stats.attributes.kind; }));
}

core::Status Changes::check_room(const Change& change) {
  const auto limited = [this](const Append& one) { return parts_.limits.apply_to(one.targets); };
  if (std::ranges::none_of(change.appends, limited)) return {};
  Forecast& forecast = parts_.limits.new_forecast();
  if (!change.ends.empty()) forecast_ends(change.ends, forecast);
  for (const Append& one : change.appends) {
    if (!one.never_dropped) {
      if (auto room = parts_.limits.check_room(one.targets, bytes_of(one)); !room) return room;
      continue;
    }
    for (const Target& target : one.targets) {
      if (auto room = parts_.limits.make_room_or_refuse(target, bytes_of(one)); !room) return room;
    }
  }
  return {};
}

// Counts an end that is named twice once.
void Changes::forecast_ends(std::span<const End> ends, Forecast& forecast) {
  const auto place = [](const End& end) { return std::tuple(end.queue, end.lane, end.seq); };
  std::vector<End> sorted(ends.begin(), ends.end());
  std::ranges::sort(sorted, {}, place);
  const auto same = [&place](const End& a, const End& b) { return place(a) == place(b); };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  RowPlace at;
  for (const End& one : sorted) {
    const auto found = find_waiting(one, at);
    if (found && *found) forecast.ends(one.queue, at.entry().bytes, one.death != nullptr);
  }
}

// Returns the seq of the dead letter, if there is one.
Seq Changes::end(const End& end, IfLost if_lost, RowPlace& place) {
  QueueState* queue = parts_.store.table.find(end.queue);
  if (queue == nullptr || end.lane >= kLaneCount || !queue->lanes[end.lane]) return 0;
  if (end.death != nullptr) {
    const auto death = std::make_shared<const Death>(*end.death);
    return parts_.letters.dead_letter(*queue, end.lane, end.seq, death, if_lost);
  }
  if (parts_.finisher.take_out(*queue, end.lane, end.seq, end.outcome, place, !end.folded) &&
      if_lost == IfLost::redo)
    parts_.committer.open().redo.endings.push_back({{end.queue, end.lane}, end.outcome, end.seq});
  return 0;
}

void Changes::note_folded(const Folded& folded, Seq into_from, Seq into_to) {
  QueueState* queue = parts_.store.table.find(folded.queue);
  if (queue == nullptr || folded.count == 0 || !queue->stats.attributes.keeps_gaps) return;
  queue->gaps.add(0, {folded.from, folded.to, folded.count, Outcome::dropped, into_from, into_to});
  parts_.books.touch(*queue);
}

void Changes::drop_gaps(const GapsDropped& gaps, IfLost if_lost) {
  QueueState* queue = parts_.store.table.find(gaps.queue);
  if (queue == nullptr) return;
  queue->gaps.drop(gaps.up_to);
  if (if_lost == IfLost::redo) parts_.committer.open().redo.gaps_dropped.push_back(gaps);
  parts_.books.touch(*queue);
  parts_.committer.schedule();
}

Seq Changes::append(const Append& append, IfLost if_lost) {
  const uint64_t bytes = bytes_of(append);
  auto taking = append.targets;
  if (!append.never_dropped)
    taking = parts_.limits.make_room_in(append.targets, bytes, parts_.committer.last_seq() + 1);
  if (if_lost == IfLost::redo) {
    parts_.committer.open().redo.appends.push_back(
        {append.message, {append.targets.begin(), append.targets.end()}});
  }
  return parts_.intake.take_in(append.message, taking, bytes);
}

Seq Changes::turn_away(const Target& target) {
  const Seq seq = parts_.committer.take_seq();
  parts_.books.count_turned_away(*parts_.store.table.find(target.queue), target.lane, seq);
  return seq;
}

// The store has failed, and is open again later: do_again().
core::Result<Seq> Changes::keep_for_later(const Change& change) {
  const bool required = std::ranges::any_of(change.ends, &End::required);
  const bool too_much = !change.values.empty() && parts_.committer.open().bytes >= kOpenBytesMax;
  if (change.if_lost == IfLost::undo || !change.appends.empty() || required || too_much)
    return core::fail(parts_.store.life.check_open().error());
  for (const End& one : change.ends) {
    const LaneId lane{one.queue, one.lane};
    if (one.death != nullptr)
      redo_.deaths.push_back({lane, one.seq, std::make_shared<const Death>(*one.death)});
    else
      redo_.endings.push_back({lane, one.outcome, one.seq});
  }
  redo_.gaps_dropped.insert(redo_.gaps_dropped.end(), change.gaps_dropped.begin(), change.gaps_dropped.end());
  if (!change.values.empty()) parts_.intake.take_in(change.values, IfLost::redo);
  parts_.committer.open().must_sync |= change.must_sync;
  if (!change.values.empty() || change.must_sync) return parts_.committer.take_seq();
  return Seq{0};
}

void Changes::keep(Group& lost) {
  // Two groups may be lost, the open one first, then the one that the writer had; the second is the older. So
  // what is kept goes before what was kept already, and the order of the Changes stays.
  Redo later = std::exchange(redo_, std::move(lost.redo));
  append_all(redo_.endings, later.endings);
  append_all(redo_.deaths, later.deaths);
  append_all(redo_.gaps_dropped, later.gaps_dropped);
  append_all(redo_.appends, later.appends);
  std::vector<KeyValue> values = std::exchange(parts_.committer.open().values, {});
  auto to_undo = lost.values_to_undo.begin();
  for (size_t i = 0; i < lost.values.size(); ++i) {
    if (to_undo != lost.values_to_undo.end() && *to_undo == i)
      ++to_undo;
    else
      parts_.intake.take_in(std::span(&lost.values[i], 1), IfLost::redo);
  }
  append_all(parts_.committer.open().values, values);
}

void Changes::do_again() {
  const QueueTable& table = parts_.store.table;
  // Ends find out by themselves whether they are on the disk: an entry that has ended does nothing. Appends
  // cannot, which is why Recovery looks for the group that was lost first.
  parts_.committer.open().must_sync = true;
  Redo redo = std::exchange(redo_, {});
  RowPlace place;
  for (const Ending& one : redo.endings)
    end({one.lane.queue, one.lane.lane, one.seq, one.outcome}, IfLost::redo, place);
  for (const DeadEntry& dead : redo.deaths) {
    QueueState* queue = table.find(dead.lane.queue);
    if (queue != nullptr && dead.lane.lane < kLaneCount)
      parts_.letters.dead_letter(*queue, dead.lane.lane, dead.seq, dead.death, IfLost::redo);
  }
  for (const GapsDropped& gaps : redo.gaps_dropped) drop_gaps(gaps, IfLost::redo);
  for (KeptAppend& one : redo.appends) {
    std::erase_if(one.targets, [&table](const Target& to) { return table.find(to.queue) == nullptr; });
    append({one.message, one.targets}, IfLost::redo);
  }
  parts_.committer.schedule();
}

}  // namespace headgate::store
