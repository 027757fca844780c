#include "hub/engine/computation/results/sinks.h"

#include <algorithm>

namespace headgate::hub {

Sinks::Sinks(const Parts& parts)
    : store_(parts.store),
      log_(parts.log),
      held_(parts.store, parts.clock, parts.log),
      outlet_({parts.spreader, parts.retained, parts.tails, parts.inputs, held_, parts.recorder}),
      released_({parts.spreader, parts.retained, parts.tails, parts.inputs, held_, parts.recorder}) {}

void Sinks::on_committed(store::Seq seq) {
  outlet_.on_committed(seq);
  held_.on_settled();
}

bool Sinks::find_way_round(const core::Error& error) {
  // A queue that was there when the result was made may have gone with its route.
  if (error.code == core::Errc::not_found && outlet_.forget_missing(store_)) {
    log_.warn("result_dropped", {{"why", "the queue that it was for is gone"}});
    return true;
  }
  return error.code == core::Errc::full && hold_full();
}

// A route whose sink is full waits alone. False if it is not for one that the Change was refused.
bool Sinks::hold_full() {
  bool held = false;
  for (const Outlet::Full& full : outlet_.find_full(store_)) {
    const std::string why = "there is no room in " + store_.stats(full.queue).name;
    held = held_.hold(full.route, why) || held;
  }
  return held;
}

void Sinks::on_durable(store::Seq up_to) {
  durable_ = up_to;
  outlet_.on_durable(up_to);
  released_.on_durable(up_to);
}

store::Seq Sinks::release() {
  store::Seq last = 0;
  (void)held_.release(durable_, [&](const HeldResults::Released& result) {
    auto seq = release_one(result);
    if (seq) last = std::max(last, *seq);
    return seq;
  });
  return last;
}

core::Result<store::Seq> Sinks::release_one(const HeldResults::Released& result) {
  released_.discard();
  Outlet::Pending& pending = released_.of({});
  if (result.queued) pending.queued.push_back(*result.queued);
  if (result.published) pending.published.push_back(result.published);
  const Outlet::Planned planned = released_.plan();
  auto seq = store_.commit(
      {.ends = {&result.end, 1}, .appends = planned.appends, .values = planned.values, .must_sync = true});
  if (seq) released_.on_committed(*seq);
  return seq;
}

void Sinks::on_failed() {
  outlet_.clear();
  released_.clear();
  held_.on_settled();
}

}  // namespace headgate::hub
