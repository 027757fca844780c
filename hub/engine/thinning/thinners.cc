#include "hub/engine/thinning/thinners.h"

#include <algorithm>

namespace headgate::hub {

void Thinners::on_arrival(std::span<const store::Target> targets) {
  for (const store::Target& target : targets) {
    if (is_to_be_thinned(target.queue)) thinner_of(target.queue).on_arrival();
  }
}

void Thinners::on_available(store::QueueId queue) {
  for (const auto& thinner : thinners_) {
    if (thinner->queue() == queue) thinner->look();
  }
}

// Queues that lead upstream are in every hub from when a route first named their links on, and are never removed.
void Thinners::tick() {
  for (const store::QueueId queue : store_.queues()) {
    if (is_to_be_thinned(queue)) (void)thinner_of(queue);
  }
  for (const auto& thinner : thinners_) thinner->look();
}

bool Thinners::is_to_be_thinned(store::QueueId queue) const {
  const store::QueueStats& stats = store_.stats(queue);
  return stats.policy.on_full == store::OnFull::thin && stats.attributes.kind == store::QueueKind::link;
}

Thinner& Thinners::thinner_of(store::QueueId queue) {
  const auto is_of_queue = [queue](const auto& thinner) { return thinner->queue() == queue; };
  const auto found = std::ranges::find_if(thinners_, is_of_queue);
  if (found != thinners_.end()) return **found;
  thinners_.push_back(std::make_unique<Thinner>(store_, queue, begun_up_to_, executor_, clock_, log_));
  return *thinners_.back();
}

void Thinners::on_failed() {
  for (const auto& thinner : thinners_) thinner->on_failed();
}

void Thinners::on_recovered() {
  for (const auto& thinner : thinners_) thinner->on_recovered();
}

ThinningStatus Thinners::status() const {
  ThinningStatus sum;
  for (const auto& thinner : thinners_) {
    const ThinningStatus& one = thinner->status();
    sum.active |= one.active;
    sum.short_of_room |= one.short_of_room;
    sum.folded += one.folded;
    sum.rows += one.rows;
    sum.diluted += one.diluted;
  }
  return sum;
}

void Thinners::tell_folded(const std::function<void(store::QueueId queue, uint64_t entries)>& tell) {
  for (const auto& thinner : thinners_) tell(thinner->queue(), thinner->take_folded());
}

}  // namespace headgate::hub
