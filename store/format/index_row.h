// A row of the index: the entries that one lane got from one segment of a group, in seq order
// (docs/store-format.md, "idx"). Deleted when all of it is finished. Written once, and again only without
// entries that ended out of order (Fold).
//
// A lane got 5 and 9 from one segment and 12, 20 and 23 from the next:
//
//   previous 0, entries 5 9               key 9      holds (0, 9]
//   previous 9, entries 12 20 23          key 23     holds (9, 23], tiles (9, 12] (12, 20] (20, 23]
//
// An entry that is left out gives its tile to the one behind it, in the same row:
//
//   leave_out(12, 20)    entries 12 23                       tiles (9, 12] (12, 23]
//   leave_out(20, 23)    entries 12 20, ended_behind 3       tiles (9, 12] (12, 23], key still 23
//
// In the last case `ended_behind` keeps what the row holds: its key and the row that follows it stay valid.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

struct RowEntry {
  Seq seq = 0;
  int64_t arrived_ms = 0;  // hub time
  int64_t expires_ms = 0;
  uint64_t bytes = 0;   // stored_bytes() of the message
  uint32_t block = 0;   // position in IndexRow::blocks
  uint32_t offset = 0;  // of the record in the block's value
  std::string tag;
};

// A block that holds messages of this row. `shared`: other lanes have the same messages.
struct RowBlock {
  Seq id = 0;
  bool shared = false;

  friend bool operator==(const RowBlock&, const RowBlock&) = default;
};

// `previous` is the last seq the lane got before this row: together the rows of a lane tile its seqs without
// holes, so that "what comes next" and "is this passed" need no look at the neighbours.
struct IndexRow {
  Seq previous = 0;
  std::vector<RowBlock> blocks;
  std::vector<RowEntry> entries;  // never empty
  Seq ended_behind = 0;  // seqs behind the last entry that belong to the row: their entries were left out

  [[nodiscard]] Seq last() const { return entries.back().seq + ended_behind; }
  [[nodiscard]] bool holds(Seq seq) const { return seq > previous && seq <= last(); }

  // The position of the first entry with a seq ≥ `seq`; entries.size() if there is none.
  [[nodiscard]] size_t position(Seq seq) const;
  // The seq of the entry before entries[position].
  [[nodiscard]] Seq before(size_t position) const;
  // Up to where finishing entries[position] finishes the lane: its seq, or the row's last.
  [[nodiscard]] Seq tile_end(size_t position) const;

  // Leaves out the entries in (from, to]. False, and nothing has changed, if none would be left.
  [[nodiscard]] bool leave_out(Seq from, Seq to);
};

using IndexRowPtr = std::shared_ptr<const IndexRow>;

[[nodiscard]] std::string encode_index_row(const IndexRow& row);

// Error: corrupt.
[[nodiscard]] core::Result<IndexRowPtr> decode_index_row(core::Bytes bytes);

}  // namespace headgate::store
