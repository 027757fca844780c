#include "store/rocks/db/dead_blocks.h"

#include "store/rocks/db/database.h"

namespace headgate::store {
namespace {

class BelowFloor : public rocksdb::CompactionFilter {
 public:
  explicit BelowFloor(Seq floor) : floor_key_(block_key(floor)) {}
  const char* Name() const override { return "HeadgateBelowFloor"; }
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    return key.compare(floor_key_) < 0;
  }

 private:
  const std::string floor_key_;
};

}  // namespace

void DeadBlocks::OnMemTableSealed(const rocksdb::MemTableInfo& table) {
  if (family_of(table.cf_name) == kFamilies[kBlkFamily]) sealed_ = written_.load();
}

std::unique_ptr<rocksdb::CompactionFilter> DeadBlocks::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context&) {
  if (floor_ == 0) return nullptr;
  return std::make_unique<BelowFloor>(floor_);
}

}  // namespace headgate::store
