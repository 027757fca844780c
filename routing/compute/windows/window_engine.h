// Groups, windows and time of one route: where a message counts, and which results come when.
//
// Whatever comes due by hub time comes in one order: by due time, event time and number of the group, whichever clock
// it waited for. So results do not depend on how the inputs were cut into steps, nor on restarts between them.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "routing/compute/message_row.h"
#include "routing/compute/result_writer.h"
#include "routing/compute/windows/clocks.h"
#include "routing/compute/windows/group_set.h"
#include "routing/compute/windows/kind.h"

namespace headgate::routing {

class WindowEngine {
 public:
  using Results = Computation::Results;

  // All must outlive it.
  WindowEngine(const ComputePlan& plan, Evaluator& evaluator, RouteCounts& counts, std::string& sample);

  // Do as Computation::advance(), close() and take().
  [[nodiscard]] bool advance(int64_t now_ms, size_t results_max, Results& out);
  [[nodiscard]] bool close(size_t results_max, Results& out);
  void take(MessageRow& row, uint8_t hops, bool& dead_letter, Results& out);
  [[nodiscard]] std::optional<int64_t> due_ms();

  // Appends groups until there are `count`; see Computation::open_windows().
  void show(size_t count, OpenWindows& out) const;

  void save(const Computation::Put& put);
  // Entries of groups, panes and clocks: keys begin with g, p, c.
  [[nodiscard]] bool load(std::string_view key, std::string_view bytes);
  // After the last load(): goes on where the inputs had come to.
  void settle(int64_t present_ms);

  // Appends what belongs to no group, or reads it back.
  void save_rest(std::string& out);
  void load_rest(PackedReader& in);
  // True: save_rest() gives something else than it last gave.
  [[nodiscard]] bool rest_changed() const { return rest_changed_; }

  [[nodiscard]] uint64_t bytes() const { return groups_.bytes() + clocks_.bytes(); }
  // Takes note of how much of the route's memory others have.
  void share_with(uint64_t bytes) { others_bytes_ = bytes; }
  [[nodiscard]] size_t groups() const { return groups_.table().size(); }

 private:
  using RevisionDue = std::pair<int64_t, uint64_t>;  // hub time, group

  // Event time of the message, as far as it can be true.
  [[nodiscard]] int64_t time_of(MessageRow& row);
  [[nodiscard]] Clock& clock_of(MessageRow& row);
  void give_up_clock(int64_t now_ms);
  void join(Group& group, const Clock& clock, int64_t now_ms);

  [[nodiscard]] Clock& slowest(const Group& group, int64_t now_ms);
  void schedule(Group& group, int64_t now_ms);
  void wait(Group& group, int64_t at_ms, int64_t now_ms);
  void fire(const Clocks::Due& due, Results& out);
  void revise(Group& group, Results& out);
  void queue_revision(const Group& group);
  [[nodiscard]] std::optional<RevisionDue> next_revision();

  void add(Group& group, const Placement& placed, MessageRow& row, uint8_t hops, Results& out);
  void note_late(const Placement& placed, bool& dead_letter);
  void make_room(const Group* current, Results& out);
  [[nodiscard]] bool is_too_large() const { return bytes() + others_bytes_ > plan_.limits.state_bytes_max; }
  void evict(Group& group, Results& out);
  void close_next(Group& group, Results& out);
  void give_leaving(Results& out);
  void write(Group& group, Closing closing, Results& out);
  [[nodiscard]] OpenWindow shown(const Group& group, const std::vector<std::string>& names) const;
  [[nodiscard]] std::unique_ptr<Group> make_group(const Clock& clock) const;
  void forget(Group& group);
  void note_forgotten(int64_t until_ms, uint32_t revs);

  const ComputePlan& plan_;
  RouteCounts& counts_;
  std::string& sample_;
  WindowKind kind_;
  ResultWriter writer_;
  Clocks clocks_;
  GroupSet groups_;
  std::priority_queue<RevisionDue, std::vector<RevisionDue>, std::greater<>> revisions_;
  uint64_t next_id_ = 1;                 // of groups and clocks
  std::list<uint64_t> leaving_;          // groups that were evicted and have not given all that they have
  int64_t evicted_until_ms_ = kNever;    // groups that were evicted held messages until then
  uint32_t evicted_revs_ = 0;            // no result of theirs has this revision or a higher one
  bool clock_in_key_;                    // a group has one clock, so the clock remembers for its groups
  int64_t forgotten_until_ms_ = kNever;  // groups that are no more gave their results until then
  uint32_t forgotten_revs_ = 0;          // and none of this revision or a higher one
  uint64_t others_bytes_ = 0;
  bool rest_changed_ = false;
  std::string key_;  // scratch
  Merging merging_;  // scratch
};

}  // namespace headgate::routing
