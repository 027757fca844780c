// Dead blocks that are not deleted one by one (docs/adr/0024): those below the floor, the oldest block that
// holds something that waits. They go with their files, or when these are compacted.
#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <memory>

#include "store/queue_store.h"

namespace headgate::store {

// Watches the family `blk` of one open database, and filters its compactions. Functions on any thread.
class DeadBlocks : public rocksdb::EventListener, public rocksdb::CompactionFilterFactory {
 public:
  const char* Name() const override { return "HeadgateDeadBlocks"; }

  // A compaction leaves out every block with a smaller id from now on. Only once it is synced that they are dead.
  void set_floor(Seq floor) { floor_ = floor; }

  // Everything up to `seq` is in the log and in memtables, or further.
  void written(Seq seq) { written_ = seq; }

  // Blocks up to it have left the memtable that is written to: a deletion would not meet them there.
  [[nodiscard]] Seq sealed() const { return sealed_; }

  void OnMemTableSealed(const rocksdb::MemTableInfo& table) override;
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  std::atomic<Seq> floor_ = 0;
  std::atomic<Seq> written_ = 0;
  std::atomic<Seq> sealed_ = 0;
};

}  // namespace headgate::store
