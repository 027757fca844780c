// Index rows in memory, least recently used first out. Rows never change, so this is only a cache: what is
// finished is known to LaneProgress.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

#include "store/format/block.h"
#include "store/format/index_row.h"

namespace headgate::store {

class RowCache {
 public:
  explicit RowCache(size_t entries_max) : entries_max_(entries_max) {}

  void add(LaneId lane, IndexRowPtr row);
  void drop(LaneId lane, Seq last);

  // The row that holds the first entry after `after`, if it is here. Rows tile their lane, so no row that is
  // not here can lie in between.
  [[nodiscard]] IndexRowPtr find(LaneId lane, Seq after);

  [[nodiscard]] size_t entries() const { return entries_; }

  // Memory that it takes, about, and the most it may.
  [[nodiscard]] size_t bytes() const { return entries_ * kEntryBytes; }
  [[nodiscard]] size_t bytes_max() const { return entries_max_ * kEntryBytes; }

 private:
  static constexpr size_t kEntryBytes = sizeof(RowEntry);

  using Key = std::pair<uint64_t, Seq>;  // the lane, the row's last seq
  struct Slot {
    IndexRowPtr row;
    std::list<Key>::iterator use;
  };

  void erase(std::map<Key, Slot>::iterator slot);

  size_t entries_max_;
  size_t entries_ = 0;
  std::map<Key, Slot> rows_;
  std::list<Key> uses_;  // the next to go first
};

}  // namespace headgate::store
