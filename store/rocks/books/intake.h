// Takes messages and values into the open group, and makes entries readable once that is written.
//
// An entry is *pending* from take_in() until its group is written: it waits and is counted, and no reader sees
// it. settle() makes it *durable*.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "store/accounts/queue_state.h"
#include "store/format/segment.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/upkeep/disk_room.h"
#include "store/rocks/upkeep/reclaimer.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Intake {
 public:
  Intake(Running& store, Books& books, Committer& committer, DiskRoom& disk, Reclaimer& reclaimer)
      : store_(store), books_(books), committer_(committer), disk_(disk), reclaimer_(reclaimer) {}

  // Makes a queue of this name; there is none.
  QueueId add_queue(std::string_view name, const QueueAttributes& attributes);
  void set_attributes(QueueState& queue, const QueueAttributes& attributes);

  // Error not_found: a target's queue or lane.
  [[nodiscard]] core::Status check_targets(std::span<const Target> targets) const;

  // Adds a message of `bytes` (stored_bytes(); 0 without targets) to the open group and returns its seq. Its
  // targets exist and have room.
  Seq take_in(core::MessagePtr message, std::span<const Target> targets, uint64_t bytes);

  // Adds values to the open group. `if_lost`: whether they are written again if the group is lost.
  void take_in(std::span<const KeyValue> values, IfLost if_lost);

  // A row is on the disk: its entries can be read. Or it was left out, and there is nothing to read.
  void settle(Segment::Row row);

  // Bodies of all messages that were taken in.
  [[nodiscard]] uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  Seq admit(QueueState& queue, const Target& target, Seq seq, const core::Message& message, uint64_t bytes);
  void find_first_pending(LaneId id, Lane& lane);

  Running& store_;
  Books& books_;
  Committer& committer_;
  DiskRoom& disk_;
  Reclaimer& reclaimer_;
  std::vector<Seq> previous_;  // scratch of take_in()
  uint64_t payload_bytes_ = 0;
};

}  // namespace headgate::store
