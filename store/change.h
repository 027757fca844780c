// Defines the unit of work of a store: a `Change` happens as a whole or not at all, also over a crash, a power cut
// and a failed write (docs/adr/0027). A value: it borrows all that it names, for the call alone.
//
// A computation that has read entries 7 and 9 of its input and has one result commits
//   ends = {7, 9}, appends = {result}, values = {its state}
// in one Change: after any crash the state equals exactly what was consumed, and the result is there once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/message.h"

namespace headgate::store {

using QueueId = uint32_t;
using Seq = uint64_t;  // the first is 1; 0 means "before the first"

inline constexpr uint8_t kLaneCount = 11;  // route priority 0 (first) to 9, then routes without one
inline constexpr uint8_t kDefaultLane = 10;

struct Death;  // store/dead_letter.h

// Where a message goes: one entry in one lane.
struct Target {
  QueueId queue = 0;
  uint8_t lane = kDefaultLane;
  int64_t expires_ms = 0;  // hub time; 0 = never
  std::string tag = {};    // opaque to the store, given back with the entry (≤ 255 bytes; of $dead: more)
  bool moved = false;      // the message is in another queue, which it leaves: taken though the disk is low
};

// How an entry ended. Every entry that leaves a queue is counted under exactly one of these.
enum class Outcome : uint8_t { delivered, expired, dropped, dead };

// Says for whom a message is stored, where the disk fills up: the first stops first (docs/adr/0036).
enum class RoomFor : uint8_t {
  none,        // stored for nobody: it is never refused
  sessions,    // for persistent sessions, the retained store and the history alone
  publishers,  // for `$upstream`, an input, or another queue that is no session's
  consumers,   // a result of who consumes entries, which end with it
};

[[nodiscard]] constexpr std::string_view name_of(RoomFor use) {
  switch (use) {
    case RoomFor::none:
      return "nothing";
    case RoomFor::sessions:
      return "sessions";
    case RoomFor::publishers:
      return "publishers";
    case RoomFor::consumers:
      return "consumers";
  }
  return {};
}

// A write to the table of small values: sessions, retained messages, QoS 2 state, cursors.
struct KeyValue {
  std::string key;
  std::optional<std::string> value;  // nullopt erases
};

// A durable entry that its consumer is done with. Ended other than as delivered it becomes a gap, where gaps
// are kept. One that has ended before, or never was there, does nothing.
struct End {
  QueueId queue = 0;
  uint8_t lane = kDefaultLane;
  Seq seq = 0;
  Outcome outcome = Outcome::delivered;
  const Death* death = nullptr;  // of a dead one: its message goes into the queue of dead letters
  bool required = false;         // the Change is refused as not_found unless the entry waits
  bool folded = false;           // its Change tells of it under `folded`: it makes no gap of its own
};

// A message with all its targets, at most one in each queue. A target that has no room takes it, or not, by
// its policy: with `reject` the whole Change is refused; with `drop_newest` this target alone counts it, as
// dropped; with the others older entries end as dropped in the same write, or it does itself where those are
// all of better priority. Without targets it only takes a seq.
struct Append {
  core::MessagePtr message;
  std::span<const Target> targets;
  bool never_dropped = false;  // a target that would drop it refuses the Change instead
  bool from_consumer = false;  // see RoomFor::consumers
};

// Entries of a queue that end in a Change and of which the content goes on in the messages that it appends: one gap of
// `count` entries within [from, to], which says so (Gap::into_from). Kept where gaps are kept.
struct Folded {
  QueueId queue = 0;
  Seq from = 0;
  Seq to = 0;
  uint64_t count = 0;
};

// Gaps whose `to` is ≤ `up_to` are forgotten: the far side knows them.
struct GapsDropped {
  QueueId queue = 0;
  Seq up_to = 0;
};

// Decides about a Change whose write fails (StoreEvents::on_failed). Should the write have
// reached the disk whole nevertheless, the Change has happened, with either.
enum class IfLost : uint8_t {
  undo,  // none of it has happened: its maker goes back to what is durable and does it anew
  redo,  // the store does all of it again by itself, as soon as it is open again
};

// Done in this order: ends (which make room), gaps, appends, what was turned away, values, folded. Ends of one queue may
// name any of its seqs in any order. REQUIRES of one with `folded`: it appends, and is `undo`; of one with `turned_away`:
// it is `undo`.
struct Change {
  std::span<const End> ends = {};
  std::span<const Append> appends = {};
  std::span<const KeyValue> values = {};
  std::span<const GapsDropped> gaps_dropped = {};
  std::span<const Folded> folded = {};
  // For each a message that its queue refused as full, and that nobody sends again. It counts as dropped, as with
  // `drop_newest`, and takes a seq of its own; room is not asked for, neither in the queue nor on the disk.
  std::span<const Target> turned_away = {};
  bool must_sync = false;  // somebody waits for it; else it rides along, and a power cut may take it
  IfLost if_lost = IfLost::undo;
};

}  // namespace headgate::store
