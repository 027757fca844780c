#include "store/row_cache.h"

namespace headgate::store {
namespace {

// An entry takes about this much without its tag.
constexpr size_t kEntryBytes = 80;

// In entries: a long tag counts as some more.
size_t cost_of(const IndexRow& row) {
  size_t tag_bytes = 0;
  for (const RowEntry& entry : row.entries) tag_bytes += entry.tag.size();
  return row.entries.size() + tag_bytes / kEntryBytes;
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
