#include "store/accounts/row_cache.h"

namespace headgate::store {
namespace {

// Memory that a row takes beside its entries: itself, its blocks, its places in the cache and in the
// allocator.
constexpr size_t kRowBytes = 4 * sizeof(RowEntry);

// In entries: the row, and a long tag, count as some more.
size_t cost_of(const IndexRow& row) {
  size_t more_bytes = kRowBytes + row.blocks.size() * sizeof(RowBlock);
  for (const RowEntry& entry : row.entries) more_bytes += entry.tag.size();
  return row.entries.size() + more_bytes / sizeof(RowEntry);
}

}  // namespace

void RowCache::add(LaneId lane, IndexRowPtr row) {
  const Key key{lane.packed(), row->last()};
  if (rows_.contains(key)) return;
  entries_ += cost_of(*row);
  rows_.emplace(key, Slot{std::move(row), uses_.insert(uses_.end(), key)});
  while (entries_ > entries_max_ && rows_.size() > 1) erase(rows_.find(uses_.front()));
}

void RowCache::drop(LaneId lane, Seq last) {
  if (const auto found = rows_.find({lane.packed(), last}); found != rows_.end()) erase(found);
}

IndexRowPtr RowCache::find(LaneId lane, Seq after) {
  const auto found = rows_.lower_bound({lane.packed(), after + 1});
  if (found == rows_.end() || found->first.first != lane.packed()) return nullptr;
  if (found->second.row->previous > after) return nullptr;
  uses_.splice(uses_.end(), uses_, found->second.use);
  return found->second.row;
}

void RowCache::erase(std::map<Key, Slot>::iterator slot) {
  entries_ -= cost_of(*slot->second.row);
  uses_.erase(slot->second.use);
  rows_.erase(slot);
}

}  // namespace headgate::store
