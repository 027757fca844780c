// Panes that are seldom touched, packed: of an average one takes 25 bytes, and not 130. They are in the order of their
// places, in chunks that are read from their beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::routing {

class PackedPanes {
 public:
  // A pane as it is kept; `sums` is good until anything changes.
  struct Item {
    int64_t at = 0;
    bool changed = false;
    bool stored = false;
    std::string_view sums;  // as save_sums() gave them
  };

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  // Memory, but for what chunks have in reserve.
  [[nodiscard]] size_t bytes() const { return size_ * kItemBytes + sums_bytes_; }
  [[nodiscard]] size_t sums_bytes() const { return sums_bytes_; }

  // Place of the pane with this index, which is there.
  [[nodiscard]] int64_t at(size_t index) const;
  // Index of the first pane at or behind `at`; size() if there is none.
  [[nodiscard]] size_t first_from(int64_t at) const;
  [[nodiscard]] std::optional<Item> find(int64_t at) const;
  // Calls visit(Item), in order, for the panes in [from, to) until it returns false.
  template <typename Visit>
  void visit(int64_t from, int64_t to, const Visit& visit) const {
    for (size_t chunk = chunk_from(from); chunk < chunks_.size(); ++chunk) {
      Reader reader(chunks_[chunk]);
      while (reader.next()) {
        if (reader.item().at < from) continue;
        if (reader.item().at >= to || !visit(reader.item())) return;
      }
    }
  }

  // Adds a pane, or puts it in place of the one that is there.
  void put(const Item& item);
  void mark(int64_t at, bool changed, bool stored);
  void remove_first();

  static constexpr size_t kItemBytes =
      8;  // of a pane beside its sums: its place, flags, length, its part of a chunk

 private:
  static constexpr size_t kChunkItems = 32;

  // Items one after the other: the distance from the place before, the flags, the length of the sums, the sums.
  struct Chunk {
    std::string bytes;
    int64_t base = 0;  // place before the first
    int64_t last = 0;
    uint32_t items = 0;
    uint32_t gone_bytes = 0;  // at the front, of items that were removed
  };

  class Reader {
   public:
    explicit Reader(const Chunk& chunk) : chunk_(chunk), end_(chunk.gone_bytes) { item_.at = chunk.base; }
    // False behind the last.
    bool next();
    [[nodiscard]] const Item& item() const { return item_; }
    [[nodiscard]] size_t begin() const { return begin_; }
    [[nodiscard]] size_t flags() const { return flags_; }
    [[nodiscard]] size_t end() const { return end_; }

   private:
    uint64_t varint();

    const Chunk& chunk_;
    Item item_;
    size_t begin_ = 0;
    size_t flags_ = 0;
    size_t end_;
  };

  static void append(std::string& out, int64_t before, const Item& item);
  [[nodiscard]] size_t chunk_from(int64_t at) const;
  void push_back(const Item& item);
  void put_into(size_t chunk, const Item& item);
  void split(size_t chunk);

  std::vector<Chunk> chunks_;
  size_t size_ = 0;
  size_t sums_bytes_ = 0;
};

}  // namespace headgate::routing
