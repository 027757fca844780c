// Decisions of a store when a queue is full: whom a message has to wait for, what goes to make room for it.
// No rows, no disk: a store lends its queue as a Room.
//
// The order of going: the lane of least priority first, in it the oldest entry. What matters least and has
// had most time to be delivered goes; and a message never pushes out one of better priority, it is dropped
// itself instead.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/accounts/dilution.h"
#include "store/queue_policy.h"
#include "store/queue_store.h"

namespace headgate::store {

// Arrival to be added: nothing (to see whether a queue is within its limits as it is), or a message.
struct Arrival {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint8_t lane = kLaneCount;  // where to; kLaneCount: nothing comes
};

enum class Limit : uint8_t { none, messages, bytes, store_bytes };

// Finds the limit that stands in the way of `arrival`. `store_bytes`: of all queues together, of at most
// `store_bytes_max` (0 = no limit).
[[nodiscard]] Limit limit_met(const QueueStats& queue, uint64_t store_bytes, uint64_t store_bytes_max,
                              const Arrival& arrival);

// Adds up what a Change takes out of queues and brings into them, so that limits can be asked about all of it
// before any of it has happened. Queues are few: they are looked for one by one.
class Forecast {
 public:
  void clear() {
    moved_.clear();
    store_bytes_ = 0;
  }

  // An entry of so many bytes ends. `stays`: its message moves to another queue.
  void ends(QueueId queue, uint64_t bytes, bool stays);

  // The limit in the way of a message for `queue`, which all that was told before has happened to. It counts
  // from then on, whether there was one or not. `store_bytes`: as limit_met(), before the Change.
  Limit arrives(const QueueStats& queue, uint64_t store_bytes, uint64_t store_bytes_max, uint64_t bytes,
                uint8_t lane);

 private:
  struct Moved {
    QueueId queue = 0;
    uint64_t messages = 0;  // modulo 2^64: what ends is subtracted
    uint64_t bytes = 0;
  };
  Moved& moved(QueueId queue);

  std::vector<Moved> moved_;
  uint64_t store_bytes_ = 0;
};

// For the publisher and the operator: "queue '$upstream' is full: 1000 messages, the most it may hold".
[[nodiscard]] std::string describe(Limit limit, const QueueStats& queue, uint64_t store_bytes_max);

// Whether an append makes the store larger for good: what moves from one queue to another does not, nor do
// values alone, unless they are a retained message. One with an empty body erases.
[[nodiscard]] bool stores_message(const core::Message& message, std::span<const Target> targets);

// Finds for whom an append is stored. `kind_of(queue)`: of a target's queue, which exists.
template <typename KindOf>
[[nodiscard]] RoomFor room_for(const Append& append, KindOf&& kind_of) {
  if (!stores_message(*append.message, append.targets)) return RoomFor::none;
  if (append.from_consumer) return RoomFor::consumers;
  const auto can_wait = [&](const Target& target) {
    const QueueKind kind = kind_of(target.queue);
    return kind == QueueKind::session || kind == QueueKind::history;
  };
  return std::ranges::all_of(append.targets, can_wait) ? RoomFor::sessions : RoomFor::publishers;
}

// A queue, as it is lent for making room.
class Room {
 public:
  virtual ~Room() = default;

  [[nodiscard]] virtual const QueueStats& stats() const = 0;
  [[nodiscard]] virtual Limit met_by(const Arrival& arrival) const = 0;
  [[nodiscard]] virtual Dilution& dilution() = 0;

  // Durable entries of a lane with a seq > `after`, whether they have expired or not.
  [[nodiscard]] virtual std::vector<Entry> look(uint8_t lane, Seq after, ReadLimit limit) = 0;
  // Ends an entry that look() gave, or the oldest of a lane, as dropped. False if it cannot.
  virtual bool drop(uint8_t lane, Seq seq) = 0;
  virtual bool drop_oldest(uint8_t lane) = 0;
};

// Ends entries by the queue's policy until `arrival` fits, but at most `drops_max`. False if it does not fit
// then. What it costs is in proportion to what it ends.
bool make_room(Room& room, const Arrival& arrival, size_t drops_max);

}  // namespace headgate::store
