// Reading entries and values from a store's database, for the running store and for the offline reader.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "store/accounts/lane.h"
#include "store/accounts/queue_state.h"
#include "store/accounts/row_cache.h"
#include "store/accounts/tail.h"
#include "store/format/block.h"
#include "store/queue_store.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// The result of a read: entries, and what stopped it before the limit, if something did.
struct Found {
  struct Bad {
    Seq seq = 0;
    core::Error error;  // corrupt
  };
  std::vector<Entry> entries;
  std::vector<Seq> expired;  // passed over
  bool more = false;         // stopped by kExpiredAtOnce, or by an error that the next read will meet
  std::optional<Bad> bad;    // the entry after those: its message is missing or damaged
};

// Rows of a lane with a last seq in (from, to], at most `count`, whether finished or not. `fill_cache`: keeps
// what that reads in the database's cache. On any thread. Errors: corrupt, io.
[[nodiscard]] core::Result<std::vector<IndexRowPtr>> read_rows(RocksDb& db, LaneId id, Seq from, Seq to,
                                                               size_t count, bool fill_cache);

// Where the entry lies that was asked for last. Whoever asks for many entries one behind the other keeps one, and finds
// most of them beside it. Good as long as no row is written anew: within one call of the store.
struct RowPlace {
  LaneId lane;
  IndexRowPtr row;  // null: nothing was found yet
  size_t position = 0;

  [[nodiscard]] const RowEntry& entry() const { return row->entries[position]; }
};

class RocksReadPath {
 public:
  // A read has come to another row of this lane, with this last seq.
  using OnRow = std::function<void(LaneId, Lane&, Seq last)>;

  // Expired entries that one read passes over, and so a bound on the rows it decodes.
  static constexpr size_t kExpiredAtOnce = 1'024;

  RocksReadPath(RocksDb& db, size_t tail_bytes);

  // Forgets what it has from the database, and reads from another; null: everything answers `unavailable`.
  void use(RocksDb* db);
  void set_on_row(OnRow on_row) { on_row_ = std::move(on_row); }
  ~RocksReadPath();

  [[nodiscard]] RowCache& rows() { return rows_; }
  [[nodiscard]] const RowCache& rows() const { return rows_; }
  [[nodiscard]] MessageTail& tail() { return tail_; }
  [[nodiscard]] const MessageTail& tail() const { return tail_; }

  // Does QueueReader::read(); `state` is the queue's. An error only if nothing was read before it.
  [[nodiscard]] core::Result<Found> read(QueueState& state, uint8_t lane, Seq after, ReadLimit limit,
                                         core::Now now);

  // The row with the first durable entry after `after` that is not finished; null if there is none.
  [[nodiscard]] core::Result<IndexRowPtr> next_row(LaneId id, Lane& lane, Seq after);

  // Moves `place` to the entry `seq` of a lane. False if it is not durable, has ended, or is not there.
  [[nodiscard]] core::Result<bool> find(LaneId id, Lane& lane, Seq seq, RowPlace& place);

  // Does read_rows(). One row is kept in the cache; looking through a lane must not push out what consumers
  // read.
  [[nodiscard]] core::Result<std::vector<IndexRowPtr>> rows_between(LaneId id, Seq from, Seq to,
                                                                    size_t count);

  // Fills lane.oldest if it is not known. Requires that something waits.
  [[nodiscard]] core::Status find_oldest(LaneId id, Lane& lane);

  // Does QueueReader::oldest_ms().
  [[nodiscard]] int64_t oldest_ms(QueueState& state, uint8_t lane);

  // The header of a block; not_found if it is deleted already.
  [[nodiscard]] core::Result<BlockHeader> block_header(Seq id) const;

  [[nodiscard]] core::Result<std::string> get(std::string_view key) const;
  core::Status for_each(std::string_view prefix, const QueueReader::Visit& visit) const;

 private:
  class Blocks;

  [[nodiscard]] core::Result<IndexRowPtr> load_row(LaneId id, Seq after);
  [[nodiscard]] core::Result<core::MessagePtr> message_of(const RowEntry& entry, const IndexRow& row,
                                                          Blocks& blocks);

  [[nodiscard]] core::Status check_open() const;

  RocksDb* db_;
  size_t tail_bytes_;
  RowCache rows_;
  MessageTail tail_;
  OnRow on_row_;
};

}  // namespace headgate::store
