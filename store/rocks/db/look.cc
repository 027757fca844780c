#include "store/rocks/db/look.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "store/rocks/db/read_path.h"

namespace headgate::store {
namespace {

// At a time, whichever comes first: reading ahead for consumers waits as long.
constexpr size_t kRowsAtATime = 8;
constexpr size_t kBlockBytesAtATime = 1u << 20;

// Blocks of a row, each fetched once, past the cache: a look must not push out what consumers read.
class BlocksOfRow {
 public:
  BlocksOfRow(RocksDb& db, size_t& bytes) : db_(db), bytes_(bytes) {}

  core::Result<core::MessagePtr> message(const RowEntry& entry, const IndexRow& row) {
    const Seq id = row.blocks[entry.block].id;
    auto [held, fresh] = held_.try_emplace(id);
    if (fresh) {
      held->second = std::make_unique<rocksdb::PinnableSlice>();
      rocksdb::ReadOptions how;
      how.fill_cache = false;
      const rocksdb::Status status = db_.db().Get(how, db_.blk(), block_key(id), held->second.get());
      if (!status.ok()) {
        held_.erase(held);
        if (status.IsNotFound()) return core::fail(core::Errc::not_found, "the block is missing");
        return core::fail(db_.to_error(status, "reading block " + std::to_string(id)));
      }
      bytes_ += held->second->size();
    }
    return message_in_block(id, view(*held->second), entry.offset, entry.seq, entry.arrived_ms);
  }

 private:
  RocksDb& db_;
  size_t& bytes_;
  std::map<Seq, std::unique_ptr<rocksdb::PinnableSlice>> held_;
};

class LookThrough {
 public:
  LookThrough(RocksDb& db, const LaneView& lane, const Look& look, const QueueReader::Judge& judge)
      : db_(db), lane_(lane), look_(look), judge_(judge) {
    looked_.after = look.after;
  }

  core::Result<Looked> run() {
    while (!ended_ && bytes_ < kBlockBytesAtATime) {
      const Seq after = lane_.progress.skip_finished(looked_.after);
      looked_.done = after >= lane_.durable_last;
      if (looked_.done) break;
      const auto rows =
          read_rows(db_, {look_.queue, look_.lane}, after, ~Seq{0}, kRowsAtATime, /*fill_cache=*/false);
      if (!rows) return core::fail(rows.error());
      // All has ended since, and its rows are deleted.
      looked_.done = rows->empty();
      if (looked_.done) break;
      if (const core::Status walked = walk(*rows, after); !walked) return core::fail(walked.error());
    }
    return looked_;
  }

 private:
  core::Status walk(const std::vector<IndexRowPtr>& rows, Seq after) {
    for (const IndexRowPtr& row : rows) {
      if (ended_ || bytes_ >= kBlockBytesAtATime) return {};
      const Seq missing_before = missing_;
      if (const core::Status walked = walk(*row, after); !walked) return walked;
      if (missing_ != missing_before) return {};  // these rows are old: read them anew
    }
    return {};
  }

  core::Status walk(const IndexRow& row, Seq after) {
    BlocksOfRow blocks(db_, bytes_);
    for (size_t i = row.position(std::max(after, looked_.after) + 1); i < row.entries.size(); ++i) {
      const RowEntry& entry = row.entries[i];
      if (entry.seq > lane_.durable_last) {
        ended_ = looked_.done = true;
        return {};
      }
      if (lane_.progress.finished(entry.seq)) continue;
      if (looked_.entries >= look_.entries_max) {
        ended_ = true;
        return {};
      }
      auto message = blocks.message(entry, row);
      if (!message && message.error().code == core::Errc::not_found && missing_ != entry.seq) {
        missing_ = entry.seq;
        return {};
      }
      if (!message && message.error().code == core::Errc::io) return core::fail(message.error());
      ++looked_.entries;
      looked_.after = entry.seq;
      if (!message) {
        ++looked_.unreadable;
        continue;
      }
      if (has_expired(lane_.policy, entry.arrived_ms, entry.expires_ms, look_.now.hub_ms)) continue;
      ended_ = !judge_({entry.seq, *std::move(message), entry.expires_ms, entry.tag});
      if (ended_) return {};
    }
    looked_.after = std::max(looked_.after, row.last());
    return {};
  }

  RocksDb& db_;
  const LaneView& lane_;
  const Look& look_;
  const QueueReader::Judge& judge_;
  Looked looked_;
  size_t bytes_ = 0;  // of blocks that were read
  Seq missing_ = 0;   // the entry whose block was not there, and that is looked at once more
  bool ended_ = false;
};

}  // namespace

core::Result<Looked> look_through(RocksDb& db, const LaneView& lane, const Look& look,
                                  const QueueReader::Judge& judge) {
  return LookThrough(db, lane, look, judge).run();
}

}  // namespace headgate::store
