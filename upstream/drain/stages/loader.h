// First stage of a drain: takes entries out of the lanes for batches, as many as the window has room for. Decides which
// lane is next, what goes again as it was planned, and when gaps are declared. Owned by the Forwarder; loop thread only.
//
// What holds:
// - Within a lane, entries are read in the order of their seqs; after a refusal or an outage reading goes on with the
//   oldest unfinished one. Batches never mix lanes; which lane is next is up to the LaneMode.
// - Plans that wait are followed before anything new is read; where that cannot be, they are given up.
// - Numbers that were given up are declared by the next batch; while nothing comes, by one that is for that alone.
// - With end-to-end acknowledgement, batches that are new go only as far as the consumer's credit does.
// - One call reads a bounded number of entries, and asks for the next one while there is more to do. So the loop serves
//   its clients in between, however large a batch is.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "store/queue_store.h"
#include "upstream/drain/chain/plan.h"
#include "upstream/drain/lane_feed.h"
#include "upstream/drain/stages/drain_state.h"
#include "upstream/drain/stages/packer.h"
#include "upstream/link/link.h"

namespace headgate::upstream {

class Loader {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // `drain` and `packer` must outlive it.
  Loader(DrainState& drain, Packer& packer) : drain_(drain), packer_(packer) {}

  // Loads what may begin its way now.
  void load(core::Now now);
  // Loads what waits for company as it is: the link is closing.
  void load_open(core::Now now);
  // Mono time from which load() may find something; `intake` is that of the link, whose own time is not in it.
  [[nodiscard]] int64_t next_deadline(const Intake& intake) const;

 private:
  [[nodiscard]] bool goes_on(core::Now now);
  [[nodiscard]] bool has_work(LaneFeed& lane, store::ReadLimit& budget, core::Now now);
  [[nodiscard]] bool lets_new_go(core::Now now) const;
  void follow_plans_of_gaps();
  void leave_waiting(core::Now now);

  void load_open(LaneFeed& lane, core::Now now);
  void load_gaps(core::Now now);
  void load_declaration(core::Now now);
  void leave_out(const std::vector<store::Gap>& gaps);
  [[nodiscard]] bool declares_gaps() const;
  [[nodiscard]] bool passes_through() const { return drain_.options.mode == Mode::passthrough; }
  void ask_for_audience(core::Now now);
  [[nodiscard]] bool has_messages() const;
  [[nodiscard]] bool has_news() const;
  [[nodiscard]] int64_t asks_at() const;

  [[nodiscard]] const Plan* plan_of(uint8_t lane, const std::vector<store::Entry>& entries);

  DrainState& drain_;
  Packer& packer_;
  bool plans_only_ = false;  // nothing else goes before a plan that waits
};

}  // namespace headgate::upstream
