// Everything that one write carries: what the loop collected while the writer was busy with the group before.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/disk/reclaim_policy.h"
#include "store/format/block.h"
#include "store/format/index_row.h"
#include "store/format/segment.h"
#include "store/queue_store.h"

namespace headgate::store {

// The key of an index row.
struct RowKey {
  LaneId lane;
  Seq last = 0;
};

// An entry that ended, for the case that the group with it is lost.
struct Ending {
  LaneId lane;
  Outcome outcome = Outcome::delivered;
  Seq seq = 0;
};

// An entry whose message went into the queue of dead letters by this group.
struct DeadEntry {
  LaneId lane;
  Seq seq = 0;
  std::shared_ptr<const Death> death;
};

// Rows of a lane, written again without entries in finished ranges. Once that is on the disk the ranges need
// not be remembered: the tiles of the entries that are left reach over them. Until then both forms of the
// rows are right, and an entry is finished by either.
struct Fold {
  LaneId lane;
  std::vector<std::pair<Seq, Seq>> ranges;
  std::vector<IndexRowPtr> rows;
};

// A message of a Change that is done again.
struct KeptAppend {
  core::MessagePtr message;
  std::vector<Target> targets;
};

// Keeps what is to be done again if the group with it is lost, but for values (Group::values_to_undo).
struct Redo {
  std::vector<Ending> endings;
  std::vector<DeadEntry> deaths;
  std::vector<GapsDropped> gaps_dropped;
  std::vector<KeptAppend> appends;
};

// Owned by the loop while it is collected, then by the writer, then by the loop again.
struct Group {
  std::vector<Segment> segments;
  std::vector<KeyValue> values;
  std::vector<size_t> values_to_undo;  // positions in `values` of what is not to be done again
  Redo redo;
  std::vector<Fold> folds;
  std::vector<RowKey> dead_rows;  // also of `folds`: what ended in the same group
  std::vector<Seq> dead_blocks;
  std::vector<QueueId> dead_queues;
  std::vector<std::pair<QueueId, std::string>> new_queues;        // with their names
  std::vector<std::pair<QueueId, std::string>> queue_attributes;  // encoded
  std::vector<std::pair<QueueId, std::string>> queue_states;      // encoded when the group is cut
  std::vector<KeyValue> meta;
  Reclaim reclaim = Reclaim::nothing;  // what is to be done once this group is in the log
  Seq floor = 0;                       // for it: every block with a smaller id is dead once this group holds
  uint64_t room_bytes = 0;             // for it: what `below_floor` may write
  Seq first_seq = 0;                   // after those of the group before
  Seq last_seq = 0;                    // everything up to it is in this group or an earlier one
  size_t bytes = 0;                    // of messages and values, as they will be written, about
  size_t held_bytes = 0;               // what the group takes in memory besides that, about
  bool must_sync = false;              // somebody waits for a promise

  // The segment that takes a message with this seq.
  Segment& segment_for(Seq seq) {
    if (segments.empty() || segments.back().full_for(seq)) segments.emplace_back();
    return segments.back();
  }
};

}  // namespace headgate::store
