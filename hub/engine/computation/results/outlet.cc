#include "hub/engine/computation/results/outlet.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "hub/engine/publish/parcel.h"
#include "hub/engine/session_records.h"
#include "store/accounts/overflow.h"
#include "store/format/record_codec.h"

namespace headgate::hub {

Outlet::Planned Outlet::plan() {
  planned_.clear();
  appends_.clear();
  values_.clear();
  feeds_inputs_ = false;
  for (size_t i = 0; i < pending_.size(); ++i) {
    const size_t from = planned_.size();
    plan(pending_[i]);
    for (size_t step = from; step < planned_.size(); ++step) planned_[step].pending = i;
  }
  bool must_sync = false;
  for (const Step& step : planned_) {
    must_sync = must_sync || step.message->qos > 0;
    if (!step.targets.empty()) appends_.push_back({step.message, step.targets, false, true});
  }
  return {appends_, values_, must_sync};
}

Outlet::Pending& Outlet::of(const std::string& route) {
  if (pending_.empty() || pending_.back().route != route) pending_.push_back({route, {}, {}});
  return pending_.back();
}

size_t Outlet::size() const {
  size_t sum = 0;
  for (const Pending& pending : pending_) sum += pending.queued.size() + pending.published.size();
  return sum;
}

void Outlet::plan(const Pending& pending) {
  const store::QueueId queue = parts_.held.queue_of(pending.route);
  if (queue != 0 && put_aside(pending, queue)) return;
  for (const QueuedResult& result : pending.queued) planned_.push_back({result.message, result.targets});
  for (const core::MessagePtr& message : pending.published) plan_published(message);
}

// False if one of them cannot be: then they go the usual way, and may have to wait for room with everything else.
bool Outlet::put_aside(const Pending& pending, store::QueueId queue) {
  std::vector<Step> steps;
  for (const QueuedResult& result : pending.queued) {
    auto entry = HeldResults::entry_of(queue, result);
    if (!entry) return false;
    steps.push_back({result.message, {*std::move(entry)}});
  }
  for (const core::MessagePtr& message : pending.published)
    steps.push_back({message, {HeldResults::entry_of_published(queue)}});
  std::ranges::move(steps, std::back_inserter(planned_));
  return true;
}

std::vector<Outlet::Full> Outlet::find_full(const store::QueueReader& store) const {
  std::vector<Full> full;
  store::Forecast forecast;
  for (const Step& step : planned_) {
    const uint64_t bytes = store::stored_bytes(*step.message);
    for (const store::Target& target : step.targets) {
      const store::QueueStats& queue = store.stats(target.queue);
      if (queue.policy.on_full != store::OnFull::reject) continue;
      if (forecast.arrives(queue, 0, 0, bytes, target.lane) == store::Limit::none) continue;
      const std::string& route = pending_[step.pending].route;
      if (full.empty() || full.back().route != route) full.push_back({route, target.queue});
    }
  }
  return full;
}

// The message, and whatever routes make of it one after the other.
void Outlet::plan_published(const core::MessagePtr& root) {
  std::vector<core::MessagePtr> behind = {root};
  for (size_t i = 0; i < behind.size(); ++i) {
    const core::MessagePtr message = behind[i];
    plan_one(message, behind);
  }
}

// Finds the last that is on its way to be retained there, in this Change or one before: in memory it is so once that is
// durable.
const core::Message* Outlet::coming_on(std::string_view topic) const {
  const auto last_of = [topic](const std::deque<Step>& steps) -> const core::Message* {
    const auto found = std::find_if(steps.rbegin(), steps.rend(), [topic](const Step& step) {
      return step.retained && step.message->topic == topic;
    });
    return found == steps.rend() ? nullptr : found->message.get();
  };
  const core::Message* const planned = last_of(planned_);
  return planned ? planned : last_of(waiting_);
}

void Outlet::plan_one(const core::MessagePtr& message, std::vector<core::MessagePtr>& behind) {
  const bool compares = message->retain && parts_.spreader.compares_retained();
  parts_.spreader.find(nullptr, *message, spread_, compares ? coming_on(message->topic) : nullptr);
  Step step{message, spread_.targets, true};
  step.retained = message->retain && parts_.retained.has_room_for(*message);
  if (step.retained) values_.push_back(put_retained(*message));
  step.kept_as_input = spread_.computed && !spread_.stored_as_input;
  step.unchanged = spread_.unchanged;
  feeds_inputs_ = feeds_inputs_ || spread_.computed;
  planned_.push_back(std::move(step));
  for (const store::Target& target : spread_.more_targets) planned_.push_back({message, {target}});
  for (QueuedResult& result : spread_.results)
    planned_.push_back({std::move(result.message), std::move(result.targets)});
  for (core::MessagePtr& made : spread_.republished) add_behind(behind, std::move(made));
}

void Outlet::on_committed(store::Seq seq) {
  pending_.clear();
  if (feeds_inputs_ && seq != 0) parts_.inputs.on_stored(seq);
  store::Seq own = seq - appends_.size();
  for (Step& step : planned_) {
    if (step.kept_as_input) parts_.inputs.keep(step.message, step.unchanged);
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
  for (Pending& pending : pending_)
    for (QueuedResult& result : pending.queued) gone += std::erase_if(result.targets, is_gone);
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
  parts_.recorder.on_message({.message = *step.message,
                              .seq = step.seq,
                              .targets = step.targets,
                              .heard = step.published && parts_.spreader.subscribers().found_anyone(),
                              .made = true});
}

void Outlet::clear() {
  pending_.clear();
  planned_.clear();
  waiting_.clear();
}

}  // namespace headgate::hub
