// Purges: a lane is empty at once for everybody, and its rows are deleted afterwards, some with each group, so
// that a purge of ten million entries holds up nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "core/result.h"
#include "store/accounts/queue_state.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/upkeep/reclaimer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Sweeper {
 public:
  Sweeper(Running& store, Committer& committer, Books& books, Reclaimer& reclaimer);

  // Drops what waits in a queue that exists. Returns how many entries.
  uint64_t purge(QueueState& queue);

  // Forgets a queue, once its rows are deleted. Nothing waits in it, or it is purged next.
  void remove(QueueState& queue);

  // A group is written: deletes some rows with the next. Its own work makes that one.
  void step();

  // Another database is open, and its queues are in the table.
  void restart();

 private:
  uint64_t purge_lane(QueueState& queue, uint8_t lane);
  core::Status sweep_queue(QueueState& queue, size_t& budget);

  Running& store_;
  Committer& committer_;
  Books& books_;
  Reclaimer& reclaimer_;
  std::set<QueueId> sweeping_;
};

}  // namespace headgate::store
