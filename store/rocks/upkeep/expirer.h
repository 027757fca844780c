// Ends what has expired: at the heads of lanes entry by entry, behind them by looking through the stretches of
// a lane where something is due (docs/adr/0019). Ends also what a lowered limit leaves too much.
//
// Wall time says what has expired, monotonic time how much is looked at: no more than a million entries a
// second, a part of them at a time, so that others run in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/clock.h"
#include "store/accounts/expiry_map.h"
#include "store/accounts/queue_state.h"
#include "store/format/index_row.h"
#include "store/queue_store.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/books/limits.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Expirer {
 public:
  Expirer(Running& store, const Committer& committer, Finisher& finisher, Limits& limits)
      : store_(store), committer_(committer), finisher_(finisher), limits_(limits) {}

  // About once a second.
  void tick(core::Now now);

  // The lane's holes were folded, for which it had to wait.
  void go_on_with(LaneId lane);

  // Another database is open.
  void restart() { due_lanes_.clear(); }

 private:
  void expire_heads(core::Now now);
  size_t expire_lane(QueueState& queue, uint8_t lane, core::Now now, size_t budget);
  void expire_behind(core::Now now);
  void line_up_if_due(QueueState& queue, uint8_t lane);
  void look_on();
  void look_soon();
  int64_t look_through(QueueState& queue, uint8_t lane);
  int64_t expire_row(QueueState& queue, uint8_t lane, const IndexRow& row, int64_t& looks);

  Running& store_;
  const Committer& committer_;
  Finisher& finisher_;
  Limits& limits_;
  std::deque<LaneId> due_lanes_;  // to be looked through, in turn
  int64_t looks_ = 0;             // that may still be done
  core::Now looked_at_;           // the tick before
  bool look_posted_ = false;
};

}  // namespace headgate::store
