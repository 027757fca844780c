// A block: messages that have the same target lanes, packed into one row (docs/store-format.md, "blk").
// Written once; dead when every target lane has passed its last seq.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

// A lane of a queue.
struct LaneId {
  QueueId queue = 0;
  uint8_t lane = 0;

  [[nodiscard]] uint64_t packed() const { return uint64_t{queue} << 8 | lane; }
  friend auto operator<=>(const LaneId&, const LaneId&) = default;
};

struct BlockHeader {
  Seq last = 0;  // of the records; the first is the block's id
  std::vector<LaneId> targets;
};

// Starts the value of block `id` (the seq of its first record).
[[nodiscard]] std::string begin_block(Seq id, const BlockHeader& header);

// Appends a record and returns its offset.
uint32_t append_to_block(std::string& block, Seq id, Seq seq, const core::Message& message);

// Error: corrupt.
[[nodiscard]] core::Result<BlockHeader> decode_block_header(Seq id, core::Bytes block);

// The message `seq` at `offset` of block `id`. `arrived_hub_ms` is what its index entry says. Error: corrupt, also
// if another message is found there.
[[nodiscard]] core::Result<core::MessagePtr> message_in_block(Seq id, core::Bytes block, uint32_t offset,
                                                              Seq seq, int64_t arrived_hub_ms);

}  // namespace headgate::store
