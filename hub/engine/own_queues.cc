#include "hub/engine/own_queues.h"

#include "hub/engine/route_set.h"

namespace headgate::hub {

void OwnQueues::use(const StoreLimits& limits) {
  policy_ = limits.queue;
  dead_policy_ = limits.dead();
  if (dead_ != 0) store_.set_policy(dead_, dead_policy_);
}

core::Status OwnQueues::open() {
  const auto upstream = store_.open_queue(kUpstreamQueue, store::link_attributes());
  if (!upstream) return core::fail(upstream.error());
  upstream_ = *upstream;
  const auto dead = store_.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  if (!dead) return core::fail(dead.error());
  dead_ = *dead;
  store_.set_policy(dead_, dead_policy_);
  return {};
}

}  // namespace headgate::hub
