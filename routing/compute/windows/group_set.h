// All groups of a route: found by key, bounded in number and in bytes, stored entry by entry.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/compute/windows/group.h"

namespace headgate::routing {

class GroupSet {
 public:
  using Put = Computation::Put;

  // `none`: the query's empty sums. `farthest`: no pane that was stored here is further from 0. `packs`: whether panes
  // before a group's last are packed.
  GroupSet(Sums none, int64_t farthest, bool packs)
      : none_(std::move(none)), farthest_(farthest), packs_(packs) {}

  [[nodiscard]] KeptTable<Group>& table() { return table_; }
  [[nodiscard]] const KeptTable<Group>& table() const { return table_; }
  // Memory of all groups, by estimate.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  // Takes in a new group; its key is not there yet.
  Group& add(std::unique_ptr<Group> group);
  // To be called after anything in the group changed.
  void change(Group& group);
  void remove(Group& group);
  // Counts the memory of the group as free from now on: it gives what it has, and goes.
  void let_go(Group& group);

  // Entries are 'g' with a group's number, and 'p' with its number and a pane's place.
  void save(const Put& put);
  [[nodiscard]] bool load_group(std::string_view key, std::string_view bytes, size_t keys);
  [[nodiscard]] bool load_pane(std::string_view key, std::string_view bytes);
  // Brings together what was loaded.
  void settle();

 private:
  void reckon(Group& group);
  void adopt(Group* group, uint64_t id, Pane pane);
  [[nodiscard]] bool is_near(const Pane& pane) const { return pane.at > -farthest_ && pane.at < farthest_; }

  Sums none_;
  int64_t farthest_;
  bool packs_;
  KeptTable<Group> table_;
  uint64_t bytes_ = 0;
  std::vector<std::string> gone_panes_;                       // keys of stored panes whose groups are gone
  std::unordered_map<uint64_t, std::vector<Pane>> homeless_;  // panes loaded before their groups
};

// Memory of a group beside its panes.
inline constexpr size_t kGroupBytes = sizeof(Group) + 160;

}  // namespace headgate::routing
