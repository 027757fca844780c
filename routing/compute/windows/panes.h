// Panes of a group: the stretches of which its windows consist, each with the aggregates of its messages. A message
// touches one pane; a window is merged of its panes when it closes.
//
// Worked example: windows of 1 h each second have panes of 1 s. Panes are merged in fours, and those again in fours; what
// was merged is kept until a pane in it changes. From one second to the next a window of 3,600 panes then takes about
// twenty merges instead of 3,600. Whatever is kept, the merges and their order are the same, so results are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "routing/compute/windows/sums.h"

namespace headgate::routing {

struct Pane {
  int64_t at = 0;  // where it begins; panes are in its order
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  uint32_t rev = 0;      // of a session: how often it gave a result
  bool closed = false;   // of a session: its time has come
  bool revised = false;  // of a session: another result is owed
  bool changed = false;  // since the last save
  bool stored = false;   // by itself
  uint32_t bytes = 0;    // memory, as change() reckoned it
  Sums sums;
};

class Panes {
 public:
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const { return panes_.size() - gone_; }
  [[nodiscard]] Pane& operator[](size_t index) { return panes_[gone_ + index]; }
  [[nodiscard]] const Pane& operator[](size_t index) const { return panes_[gone_ + index]; }
  [[nodiscard]] const Pane& back() const { return panes_.back(); }
  // Index of the first pane at or behind `at`; size() if there is none.
  [[nodiscard]] size_t first_from(int64_t at) const;
  [[nodiscard]] Pane* find(int64_t at);

  // The pane at `at`; if there is none, a new one with `sums`. Good until the next pane is added or removed.
  [[nodiscard]] Pane& find_or_add(int64_t at, const Sums& sums);
  // To be called after a pane's content changed.
  void change(Pane& pane);
  // Lets the pane begin elsewhere; its place in the order must stay.
  void move_start(Pane& pane, int64_t at);
  void remove_first();
  void remove(size_t index);

  // All panes in [from, to) as one; nullptr if there are none. The sums are a pane's, or `merged`.
  [[nodiscard]] const Sums* merge(int64_t from, int64_t to, Sums& merged);

  // Adds what was loaded; `stored` as it was saved. False: there is one.
  [[nodiscard]] bool load(Pane pane);
  // The last pane is stored with its group, all others by themselves. Calls saved(const Pane&) for each of the others
  // that changed, and gone(at) for each that was stored and is no more.
  template <typename Saved, typename Gone>
  void save(const Saved& saved, const Gone& gone) {
    for (const int64_t at : changed_) {
      Pane* pane = find(at);
      if (!pane || !std::exchange(pane->changed, false)) continue;
      const bool last = pane == &panes_.back();
      if (last && pane->stored) removed_.push_back(at);
      pane->stored = !last;
      if (!last) saved(*pane);
    }
    changed_.clear();
    for (const int64_t at : removed_) {
      const Pane* pane = find(at);
      if (!pane || !pane->stored) gone(at);
    }
    removed_.clear();
  }
  // Calls gone(at) for each pane that is stored: the group itself goes.
  template <typename Gone>
  void drop_stored(const Gone& gone) const {
    for (size_t i = 0; i < size(); ++i) {
      if ((*this)[i].stored) gone((*this)[i].at);
    }
    for (const int64_t at : removed_) gone(at);
  }

  // Memory. Merged panes are reckoned as the third of the panes that they are if all are kept, so that a restart, which
  // forgets them, changes nothing.
  [[nodiscard]] size_t bytes() const { return size() <= kMergedDirectly ? bytes_ : bytes_ + bytes_ / 3; }

 private:
  static constexpr size_t kMergedDirectly = 6;  // fewer panes than that are not worth a node

  // Merged panes by their place: four to the power of `level` panes from an aligned one on.
  struct Kept {
    std::unordered_map<uint64_t, Sums> nodes;
    int64_t until = INT64_MIN;  // no node reaches further
  };

  void forget_merges_with(int64_t at);
  void merge_linear(size_t first, size_t last, Sums& merged, bool& any) const;
  void merge_node(unsigned level, int64_t at, Sums& merged, bool& any);
  void note_removed(const Pane& pane);

  std::vector<Pane> panes_;  // the first gone_ of them are empty
  size_t gone_ = 0;
  size_t bytes_ = 0;
  std::vector<int64_t> changed_;
  std::vector<int64_t> removed_;  // that were stored
  std::unique_ptr<Kept> kept_;
};

}  // namespace headgate::routing
