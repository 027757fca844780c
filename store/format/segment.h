// The messages of a group that is being collected, laid out as they will be stored: blocks by target set,
// one index row per lane (docs/store-format.md).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/message.h"
#include "store/accounts/expiry_map.h"
#include "store/format/block.h"
#include "store/format/index_row.h"
#include "store/queue_store.h"

namespace headgate::store {

// A bounded piece of a group, so that neither rows nor the span of seqs a block can reach over grow with
// load.
class Segment {
 public:
  static constexpr size_t kMessagesMax = 512;
  static constexpr uint64_t kSeqSpanMax = 4'096;
  static constexpr size_t kBytesMax = 1 << 20;
  static constexpr size_t kBlockBytes = 128 * 1024;

  struct Row {
    LaneId lane;
    IndexRow row;
    std::vector<uint32_t> items;         // row.entries[i] is message items[i]; emptied by encode()
    bool left_out = false;               // not to be written: all of it has ended already
    int64_t due_ms = ExpiryMap::kNever;  // nothing in it expires before that
  };
  struct Block {
    Seq id = 0;
    BlockHeader header;
    size_t bytes = 0;   // estimated while collecting
    std::string value;  // filled by encode()
    bool left_out = false;
  };

  // True if a message with this seq must go to a new segment.
  [[nodiscard]] bool full_for(Seq seq) const;

  // Adds a message; `previous[i]` is the entry before it in the lane of `targets[i]`. Targets not empty.
  void add(Seq seq, core::MessagePtr message, size_t bytes, std::span<const Target> targets,
           std::span<const Seq> previous);

  // The first entry of a lane with a seq > `after`, or null. May be asked on the loop while encode() runs.
  [[nodiscard]] const RowEntry* first_after(LaneId lane, Seq after) const;

  // Marks rows and blocks that need not be written: `passed(lane, from, to)` says that all entries of a lane
  // in (from, to] have ended.
  void leave_out(const std::function<bool(LaneId lane, Seq from, Seq to)>& passed);

  // Fills in the blocks and the places of records in them, and lets go of the messages. Touches nothing
  // outside, so that the writer thread can do it.
  void encode();

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  // Hands out the rows, for the caches, once the segment is written.
  [[nodiscard]] std::vector<Row> take_rows() { return std::move(rows_); }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }

 private:
  struct Item {
    Seq seq;
    core::MessagePtr message;
    uint32_t block;
    uint32_t offset;
  };

  uint32_t block_for(Seq seq, size_t bytes, std::span<const Target> targets);
  Row& row_for(LaneId lane, Seq previous);

  std::vector<Item> items_;
  std::vector<Block> blocks_;
  std::vector<Row> rows_;
  std::unordered_map<uint64_t, uint32_t> open_blocks_;  // hash of the target set -> newest block
  std::unordered_map<uint64_t, uint32_t> row_index_;    // LaneId::packed() -> row
  size_t bytes_ = 0;
};

}  // namespace headgate::store
