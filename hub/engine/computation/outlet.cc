#include "hub/engine/computation/outlet.h"

#include <algorithm>
#include <utility>

#include "hub/engine/publish/parcel.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {

Outlet::Planned Outlet::plan() {
  planned_.clear();
  appends_.clear();
  values_.clear();
  feeds_inputs_ = false;
  for (const QueuedResult& result : queued) planned_.push_back({result.message, result.targets});
  for (const core::MessagePtr& message : published) plan_published(message);
  bool must_sync = false;
  for (const Step& step : planned_) {
    must_sync = must_sync || step.message->qos > 0;
    if (!step.targets.empty()) appends_.push_back({step.message, step.targets, false, true});
  }
  return {appends_, values_, must_sync};
}

// The message, and whatever routes make of it one after the other.
void Outlet::plan_published(const core::MessagePtr& root) {
  std::vector<core::MessagePtr> behind = {root};
  for (size_t i = 0; i < behind.size(); ++i) {
    const core::MessagePtr message = behind[i];
    plan_one(message, behind);
  }
}

void Outlet::plan_one(const core::MessagePtr& message, std::vector<core::MessagePtr>& behind) {
  parts_.spreader.find(nullptr, *message, spread_);
  Step step{message, spread_.targets, true};
  step.retained = message->retain && parts_.retained.has_room_for(*message);
  if (step.retained) values_.push_back(put_retained(*message));
  step.kept_as_input = spread_.computed && message->qos == 0;
  feeds_inputs_ = feeds_inputs_ || spread_.computed;
  planned_.push_back(std::move(step));
  for (const store::Target& target : spread_.more_targets) planned_.push_back({message, {target}});
  for (QueuedResult& result : spread_.results)
    planned_.push_back({std::move(result.message), std::move(result.targets)});
  for (core::MessagePtr& made : spread_.republished) add_behind(behind, std::move(made));
}

void Outlet::on_committed(store::Seq seq) {
  queued.clear();
  published.clear();
  if (feeds_inputs_ && seq != 0) parts_.inputs.on_stored(seq);
  store::Seq own = seq - appends_.size();
  for (Step& step : planned_) {
    if (step.kept_as_input) parts_.inputs.keep(step.message);
    if (!step.targets.empty()) step.seq = ++own;
    step.due = seq;
    waiting_.push_back(std::move(step));
  }
  planned_.clear();
  if (seq == 0) on_durable(0);
}

bool Outlet::forget_missing(const store::QueueReader& store) {
  const std::vector<store::QueueId> known = store.queues();
  const auto is_gone = [&known](const store::Target& target) {
    return std::ranges::find(known, target.queue) == known.end();
  };
  size_t gone = 0;
  for (QueuedResult& result : queued) gone += std::erase_if(result.targets, is_gone);
  return gone > 0;
}

// In the order in which they were made: what needs not wait does not overtake what does.
void Outlet::on_durable(store::Seq up_to) {
  while (!waiting_.empty() && waiting_.front().due <= up_to) {
    const Step step = std::move(waiting_.front());
    waiting_.pop_front();
    deliver(step);
  }
}

void Outlet::deliver(const Step& step) {
  if (step.published) {
    if (step.retained) parts_.retained.set(step.message);
    parts_.spreader.deliver(step.message);
    parts_.tails.on_message(step.message);
  }
  if (!step.targets.empty()) parts_.tails.on_append(step.seq, step.message, step.targets);
}

void Outlet::clear() {
  queued.clear();
  published.clear();
  planned_.clear();
  waiting_.clear();
}

}  // namespace headgate::hub
