// Memory in cells of one size, chained into records: of any length, without an allocation each, and with a bound that
// holds exactly. Cells that were never used are never touched, so they take no memory either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace headgate::hub {

class Cells {
 public:
  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;
  static constexpr size_t kCellBytes = 128;
  static constexpr size_t kRoom = kCellBytes - sizeof(Index);  // of the record's bytes

  explicit Cells(size_t count);

  [[nodiscard]] static size_t cells_for(size_t bytes) { return (bytes + kRoom - 1) / kRoom; }
  [[nodiscard]] size_t count() const { return count_; }
  [[nodiscard]] size_t free() const { return free_; }
  // Cells below this index have been used; those from it on never.
  [[nodiscard]] Index touched() const { return touched_; }

  // Takes a chain of so many cells. REQUIRES: 0 < cells <= free().
  [[nodiscard]] Index take(size_t cells);
  // Gives back a chain, by its first cell.
  void give_back(Index first);

  // A place in a chain. Reading and writing go on where the last ended. REQUIRES: the chain is long enough.
  class Cursor {
   public:
    Cursor(Cells& cells, Index first) : cells_(cells), cell_(first) {}
    void write(const void* bytes, size_t count);
    void read(void* bytes, size_t count);

   private:
    template <typename Copy>
    void walk(size_t count, Copy copy);

    Cells& cells_;
    Index cell_;
    size_t at_ = 0;
  };

 private:
  struct Cell {
    Index next;
    std::byte bytes[kRoom];
  };
  static_assert(sizeof(Cell) == kCellBytes);

  std::unique_ptr<Cell[]> cells_;
  size_t count_;
  size_t free_;
  Index first_free_ = kNone;  // of those that have been used
  Index touched_ = 0;
};

}  // namespace headgate::hub
