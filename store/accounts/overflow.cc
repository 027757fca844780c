#include "store/accounts/overflow.h"

#include <algorithm>
#include <optional>

namespace headgate::store {
namespace {

// Entries that one step of thinning looks at, and the steps that may go by without one to drop before the
// oldest goes: a queue of a thousand sources with a message each has none to spare.
constexpr ReadLimit kDiluteEntries{64, 256 * 1024};
constexpr int kDiluteSteps = 4;

// The lane of least priority in which at least `entries` wait.
std::optional<uint8_t> worst_lane(const QueueStats& queue, uint64_t entries) {
  for (uint8_t lane = kLaneCount; lane-- > 0;) {
    if (queue.lanes[lane].waiting >= entries) return lane;
  }
  return std::nullopt;
}

// The lane to take from, if it is not better than where the message goes.
std::optional<uint8_t> victim_lane(const QueueStats& queue, uint64_t entries, const Arrival& arrival) {
  const auto lane = worst_lane(queue, entries);
  if (!lane || arrival.lane == kLaneCount || *lane >= arrival.lane) return lane;
  return std::nullopt;
}

bool drop_oldest(Room& room, const Arrival& arrival) {
  const auto lane = victim_lane(room.stats(), 1, arrival);
  return lane && room.drop_oldest(*lane);
}

// Goes on with the pass, or begins one. True if it dropped anything.
bool dilute(Room& room, const Arrival& arrival) {
  Dilution& dilution = room.dilution();
  for (int step = 0; step < kDiluteSteps; ++step) {
    if (!dilution.active()) {
      const auto lane = victim_lane(room.stats(), 2, arrival);
      if (!lane) return false;
      dilution.begin(*lane, (room.stats().lanes[*lane].waiting + 1) / 2);
    }
    const uint8_t lane = dilution.lane();
    const std::vector<Entry> entries = room.look(lane, dilution.after(), kDiluteEntries);
    bool dropped = false;
    for (const Seq seq : dilution.step(entries)) dropped |= room.drop(lane, seq);
    if (dropped) return true;
  }
  return false;
}

// Counts of waiting messages and bytes, in the queue and in all queues together.
struct Held {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t store_bytes = 0;
};

Limit limit_met(const QueuePolicy& policy, const Held& held, uint64_t store_bytes_max,
                const Arrival& arrival) {
  const bool lone = held.messages + arrival.messages <= 1;
  if (!lone && policy.messages_max != 0 && held.messages + arrival.messages > policy.messages_max)
    return Limit::messages;
  if (!lone && policy.bytes_max != 0 && held.bytes + arrival.bytes > policy.bytes_max) return Limit::bytes;
  if (arrival.messages != 0 && store_bytes_max != 0 && held.store_bytes != 0 &&
      held.store_bytes + arrival.bytes > store_bytes_max)
    return Limit::store_bytes;
  return Limit::none;
}

}  // namespace

Limit limit_met(const QueueStats& queue, uint64_t store_bytes, uint64_t store_bytes_max,
                const Arrival& arrival) {
  Held held{0, 0, store_bytes};
  if (queue.policy.limits_size()) held = {queue.waiting(), queue.waiting_bytes(), store_bytes};
  return limit_met(queue.policy, held, store_bytes_max, arrival);
}

void Forecast::ends(QueueId queue, uint64_t bytes, bool stays) {
  Moved& out = moved(queue);
  out.messages -= 1;
  out.bytes -= bytes;
  if (!stays) store_bytes_ -= bytes;
}

Limit Forecast::arrives(const QueueStats& queue, uint64_t store_bytes, uint64_t store_bytes_max,
                        uint64_t bytes, uint8_t lane) {
  Moved& in = moved(queue.id);
  Held held{0, 0, store_bytes + store_bytes_};
  if (queue.policy.limits_size()) {
    held.messages = queue.waiting() + in.messages;
    held.bytes = queue.waiting_bytes() + in.bytes;
  }
  in.messages += 1;
  in.bytes += bytes;
  store_bytes_ += bytes;
  return limit_met(queue.policy, held, store_bytes_max, {1, bytes, lane});
}

Forecast::Moved& Forecast::moved(QueueId queue) {
  const auto found = std::ranges::find(moved_, queue, &Moved::queue);
  if (found != moved_.end()) return *found;
  return moved_.emplace_back(Moved{queue, 0, 0});
}

std::string describe(Limit limit, const QueueStats& queue, uint64_t store_bytes_max) {
  const std::string name = "queue '" + queue.name + "'";
  switch (limit) {
    case Limit::messages:
      return name + " is full: it may hold " + std::to_string(queue.policy.messages_max) + " messages";
    case Limit::bytes:
      return name + " is full: it may hold " + std::to_string(queue.policy.bytes_max) + " bytes";
    case Limit::store_bytes:
      return name + " takes no more: the queues of the hub together may hold " +
             std::to_string(store_bytes_max) + " bytes";
    case Limit::none:
      break;
  }
  return name + " has room";
}

bool stores_message(const core::Message& message, std::span<const Target> targets) {
  if (targets.empty()) return message.retain && !message.body.empty();
  return !std::ranges::all_of(targets, &Target::moved);
}

bool make_room(Room& room, const Arrival& arrival, size_t drops_max) {
  const OnFull on_full = room.stats().policy.on_full;
  if (on_full == OnFull::reject || on_full == OnFull::drop_newest) return room.met_by(arrival) == Limit::none;
  for (size_t drops = 0; room.met_by(arrival) != Limit::none; ++drops) {
    if (drops >= drops_max) return false;
    if (on_full == OnFull::dilute && dilute(room, arrival)) continue;
    if (!drop_oldest(room, arrival)) return false;
  }
  return true;
}

}  // namespace headgate::store
