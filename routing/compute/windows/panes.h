// Panes of a group: the stretches of which its windows consist, each with the aggregates of its messages. A message
// touches one pane; a window is merged of its panes when it closes.
//
// Worked example: windows of 1 h each second have panes of 1 s. Panes are merged in fours, and those again in fours; what
// was merged is kept until a pane in it changes. From one second to the next a window of 3,600 panes then takes about
// twenty merges instead of 3,600. Whatever is kept, the merges and their order are the same, so results are.
//
// Windows of a fixed length touch little but their last pane: their panes before it are packed, and unpacked while a late
// message is added.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routing/compute/windows/packed_panes.h"
#include "routing/compute/windows/sums.h"

namespace headgate::routing {

struct Pane {
  int64_t at = 0;  // where it begins; panes are in its order
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  uint32_t rev = 0;      // of a session or a sliding window: of its next result
  bool closed = false;   // of a session: its time has come
  bool revised = false;  // of a session: another result is owed
  bool shown = false;    // of a session or a sliding window: HAVING held for its last result
  bool changed = false;  // since the last save
  bool stored = false;   // by itself
  uint32_t bytes = 0;    // memory, as change() reckoned it
  Sums sums;
};

// Places to merge in, used again.
struct Merging {
  Sums merged;
  Sums part;
};

class Panes {
 public:
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const { return packed_.size() + panes_.size() - gone_; }
  // Place of the pane with this index.
  [[nodiscard]] int64_t at(size_t index) const;
  [[nodiscard]] const Pane& back() const { return panes_.back(); }
  // Index of the first pane at or behind `at`; size() if there is none.
  [[nodiscard]] size_t first_from(int64_t at) const;

  // REQUIRES, as find(): no pane is packed.
  [[nodiscard]] Pane& operator[](size_t index) { return panes_[gone_ + index]; }
  [[nodiscard]] const Pane& operator[](size_t index) const { return panes_[gone_ + index]; }
  [[nodiscard]] Pane* find(int64_t at);

  // The pane at `at`; if there is none, a new one with `sums`. Good until the next pane is added or removed.
  [[nodiscard]] Pane& find_or_add(int64_t at, const Sums& sums);
  // Does so where panes are packed: it is good until change(), which is to be called for it next.
  [[nodiscard]] Pane& unpack_or_add(int64_t at, const Sums& sums);
  // Packs all panes but the last.
  void pack();
  // To be called after a pane's content changed.
  void change(Pane& pane);
  // Lets the pane begin elsewhere; its place in the order must stay.
  void move_start(Pane& pane, int64_t at);
  void remove_first();
  void remove(size_t index);

  // All panes in [from, to) as one; nullptr if there are none. The sums are a pane's, or `merging` has them.
  [[nodiscard]] const Sums* merge(int64_t from, int64_t to, Merging& merging);

  // Adds what was loaded; `stored` as it was saved. False: there is one.
  [[nodiscard]] bool load(Pane pane);
  // The last pane is stored with its group, all others by themselves. Calls saved(const Pane&) for each of the others
  // that changed, and gone(at) for each that was stored and is no more.
  template <typename Saved, typename Gone>
  void save(const Saved& saved, const Gone& gone) {
    for (const int64_t at : std::exchange(changed_, {})) {
      if (!save_packed(at, saved)) save_open(at, saved);
    }
    for (const int64_t at : std::exchange(removed_, {})) {
      if (!is_stored(at)) gone(at);
    }
  }
  // Calls gone(at) for each pane that is stored: the group itself goes.
  template <typename Gone>
  void drop_stored(const Gone& gone) const {
    packed_.visit(INT64_MIN, INT64_MAX, [&](const PackedPanes::Item& item) {
      if (item.stored) gone(item.at);
      return true;
    });
    for (size_t i = gone_; i < panes_.size(); ++i) {
      if (panes_[i].stored) gone(panes_[i].at);
    }
    for (const int64_t at : removed_) gone(at);
  }

  // Memory, with room for merged panes that may be kept whether they are or not, so that a restart, which forgets them,
  // changes nothing.
  [[nodiscard]] size_t bytes() const {
    return bytes_ + packed_.bytes() + (size() <= kMergedDirectly ? 0 : kept_bytes_max());
  }
  // Most of it, of so many panes of `aggregates` that take at most `sums_bytes` in each.
  [[nodiscard]] static uint64_t bytes_max(uint64_t panes, size_t aggregates, uint64_t sums_bytes, bool packs);

 private:
  static constexpr size_t kMergedDirectly = 6;  // fewer panes than that are not worth a node

  // Merged panes by their place: four to the power of `level` panes from an aligned one on.
  struct Kept {
    std::unordered_map<uint64_t, Sums> nodes;
    size_t bytes = 0;
    int64_t until = INT64_MIN;  // no node reaches further
  };

  template <typename Saved>
  [[nodiscard]] bool save_packed(int64_t at, const Saved& saved) {
    const auto item = packed_.find(at);
    if (item && item->changed) {
      const auto pane = unpacked(*item);
      packed_.mark(at, false, true);
      saved(*pane);
    }
    return item.has_value();
  }
  template <typename Saved>
  void save_open(int64_t at, const Saved& saved) {
    Pane* pane = find(at);
    if (!pane || !std::exchange(pane->changed, false)) return;
    const bool last = pane == &panes_.back();
    if (last && pane->stored) removed_.push_back(at);
    pane->stored = !last;
    if (!last) saved(*pane);
  }

  [[nodiscard]] bool has(int64_t at);
  [[nodiscard]] bool is_stored(int64_t at);
  [[nodiscard]] std::unique_ptr<Pane> unpacked(const PackedPanes::Item& item) const;
  void pack_one(const Pane& pane);
  [[nodiscard]] size_t open_from(int64_t at) const;
  [[nodiscard]] size_t count(int64_t from, int64_t to, size_t most) const;
  template <typename Visit>
  void visit_sums(int64_t from, int64_t to, Sums& part, const Visit& visit) const;

  [[nodiscard]] size_t kept_bytes_max() const;
  [[nodiscard]] bool is_kept(unsigned level) const;
  void keep(unsigned level, int64_t at, Sums node);
  void forget_merges_with(int64_t at);
  void merge_linear(int64_t from, int64_t to, Sums& part, Sums& merged, bool& any) const;
  void merge_node(unsigned level, int64_t at, Sums& part, Sums& merged, bool& any);
  void note_removed(const Pane& pane);

  PackedPanes packed_;       // all before the others
  std::vector<Pane> panes_;  // the first gone_ of them are empty
  size_t gone_ = 0;
  size_t bytes_ = 0;                // of those that are not packed
  std::unique_ptr<Pane> unpacked_;  // while a message is added
  std::vector<int64_t> changed_;
  std::vector<int64_t> removed_;  // that were stored
  std::unique_ptr<Kept> kept_;
};

}  // namespace headgate::routing
