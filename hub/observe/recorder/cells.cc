#include "hub/observe/recorder/cells.h"

#include <algorithm>
#include <cstring>

namespace headgate::hub {

Cells::Cells(size_t count)
    : cells_(std::make_unique_for_overwrite<Cell[]>(count)), count_(count), free_(count) {}

Cells::Index Cells::take(size_t cells) {
  Index first = kNone;
  free_ -= cells;
  for (; cells > 0; --cells) {
    Index cell = first_free_;
    if (cell != kNone)
      first_free_ = cells_[cell].next;
    else
      cell = touched_++;
    cells_[cell].next = first;
    first = cell;
  }
  return first;
}

void Cells::give_back(Index first) {
  Index last = first;
  ++free_;
  for (; cells_[last].next != kNone; last = cells_[last].next) ++free_;
  cells_[last].next = first_free_;
  first_free_ = first;
}

template <typename Copy>
void Cells::Cursor::walk(size_t count, Copy copy) {
  while (count > 0) {
    if (at_ == kRoom) {
      cell_ = cells_.cells_[cell_].next;
      at_ = 0;
    }
    const size_t here = std::min(count, kRoom - at_);
    copy(cells_.cells_[cell_].bytes + at_, here);
    at_ += here;
    count -= here;
  }
}

void Cells::Cursor::write(const void* bytes, size_t count) {
  walk(count, [from = static_cast<const std::byte*>(bytes)](std::byte* to, size_t here) mutable {
    std::memcpy(to, from, here);
    from += here;
  });
}

void Cells::Cursor::read(void* bytes, size_t count) {
  walk(count, [to = static_cast<std::byte*>(bytes)](const std::byte* from, size_t here) mutable {
    std::memcpy(to, from, here);
    to += here;
  });
}

}  // namespace headgate::hub
