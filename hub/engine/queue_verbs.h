// Verbs of an operator on queues and dead letters. Loop thread only.
//
// Errors are for the operator to read: not_found, invalid, full, unavailable or io (the store is being opened
// again).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A dead letter that is back where it came from.
struct Replayed {
  store::Seq letter = 0;
  std::string queue;
  uint8_t lane = store::kDefaultLane;
  store::Seq seq = 0;  // the one it has there now
};

// Puts a dead letter back at the end of the lane it came from, with the time to live that it had at first.
// Where it cannot go back it stays: its queue is gone (not_found), has no room (full), or keeps nothing of
// its age (invalid).
[[nodiscard]] core::Result<Replayed> replay_dead_letter(store::QueueStore& store, store::Seq letter,
                                                        core::Now now);

// Replays the letters after `after`, oldest first, as many as one turn of the loop should take; those that came from another
// queue than `from` are passed over. Empty: all.
struct ReplayReport {
  struct Refused {
    store::Seq letter = 0;
    std::string error;
  };
  std::vector<Replayed> replayed;
  std::vector<Refused> refused;  // these stay
  store::Seq next = 0;           // to go on after; 0: these were all
};
[[nodiscard]] core::Result<ReplayReport> replay_dead_letters(store::QueueStore& store, store::Seq after,
                                                             core::Now now, std::string_view from = {});

// Ends a dead letter as dropped.
[[nodiscard]] core::Status purge_dead_letter(store::QueueStore& store, store::Seq letter, core::Now now);

// Drops all dead letters. Returns how many. Errors: not_found (there is no queue for them), io.
[[nodiscard]] core::Result<uint64_t> purge_dead_letters(store::QueueStore& store);

// Drops everything that waits in a queue. Returns how many messages that were.
[[nodiscard]] core::Result<uint64_t> purge_queue(store::QueueStore& store, std::string_view name);

}  // namespace headgate::hub
