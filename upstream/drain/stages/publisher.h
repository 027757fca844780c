// Third stage of a drain: has batches planned, and hands them to the link; tells readers where the chain ends, and the
// consumer what it can have once more. Owned by the Forwarder; loop thread only.
//
// What holds:
// - Batches go in the order in which they were packed.
// - A batch is published once its plan is written (see Ledger). What was planned and not answered goes again as it was
//   planned, byte for byte, after a lost link and after a kill; where it cannot, a later batch says which number it
//   stands for.
// - A message that passes through and that the link does not take now is set aside, in the store, and does not hold up others.
// - A lane is charged for what it put on the wire.
#pragma once

#include <cstdint>

#include "core/bytes.h"
#include "core/clock.h"
#include "upstream/drain/chain/head_notice.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/stages/drain_state.h"

namespace headgate::upstream {

class Publisher {
 public:
  // `drain` must outlive it.
  explicit Publisher(DrainState& drain) : drain_(drain), head_(drain.store.identity(), drain.options) {}

  void on_link_up(core::Now now) { head_.on_link_up(now); }

  // Plans what is encoded, and publishes what is planned, as far as the link takes it.
  void publish(core::Now now);
  // Says which of the batches that the consumer wants once more are there, before they go.
  void answer_replay(core::Now now);
  // Tells the head, if it is time. `closing`: if it is news.
  void announce_head(bool closing, core::Now now);

  // Mono time of the next answer or head, if the link takes it.
  [[nodiscard]] int64_t next_deadline() const;

 private:
  void plan(core::Now now);
  void set_aside(const Batch& batch);
  void publish(Batch& batch, core::Now now);
  void pass_through(const Batch& batch, core::Bytes body, core::Now now);

  DrainState& drain_;
  HeadNotice head_;
};

}  // namespace headgate::upstream
