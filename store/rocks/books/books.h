// The accounts of the running store: what waits, what came and how it ended, queue by queue and in sum.
//
// in = waiting + delivered + expired + dropped + dead holds for every queue after every call here, and what a
// group changes of it is written with the group.
#pragma once

#include <cstdint>
#include <vector>

#include "store/accounts/queue_state.h"
#include "store/format/group.h"
#include "store/queue_store.h"
#include "store/rocks/work/announcer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Books {
 public:
  Books(Running& store, Announcer& announcer) : store_(store), announcer_(announcer) { recount(); }

  // The queue's state is to be written with the open group.
  void touch(QueueState& queue);

  // Counts one entry more in a lane, of so many bytes; or one less, which makes room.
  void count_in(QueueState& queue, uint8_t lane, uint64_t bytes);
  void count_out(QueueState& queue, uint8_t lane, uint64_t bytes, Outcome outcome);

  // The newest is dropped: it has been in, and never was in a lane.
  void count_turned_away(QueueState& queue, uint8_t lane, Seq seq);

  // Nothing waits in the lane any more. Returns how many entries did; they are not counted under an outcome.
  uint64_t count_emptied(LaneStats& lane);

  // Bytes that wait in all lanes.
  [[nodiscard]] uint64_t waiting_bytes() const { return waiting_bytes_; }

  // Puts the state of every queue that was touched into the group that is being cut.
  void write_states(Group& group);

  // Another database is open, and its queues are in the table.
  void restart();

 private:
  void recount();

  Running& store_;
  Announcer& announcer_;
  std::vector<QueueId> touched_;
  uint64_t waiting_bytes_ = 0;
};

}  // namespace headgate::store
