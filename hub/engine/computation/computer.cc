#include "hub/engine/computation/computer.h"

#include <algorithm>
#include <utility>

#include "routing/compute/result_topic.h"

namespace headgate::hub {
namespace {

bool counts_for(const StoredComputation& stored, store::Seq place) {
  return place > stored.since || place <= stored.set_aside;
}

bool has_window(const RunningRoute& route) {
  return route.plan->query.window.kind != routing::Window::Kind::none;
}

}  // namespace

Computer::Computer(const Parts& parts)
    : parts_(parts),
      inputs_(parts.store, parts.clock),
      sinks_({parts.store, parts.spreader, parts.retained, parts.tails, inputs_, parts.recorder, parts.clock,
              parts.log}),
      messages_(parts.rights, parts.clock, parts.log),
      computations_(parts.store, parts.log),
      lookups_({parts.store, parts.retained, parts.clock, parts.log}),
      progress_(parts.clock) {}

// ---- the routes in force ----

void Computer::on_trial(bool on) {
  before_routes_change();
  computations_.on_trial(on);
  outdated_ = outdated_ || !computations_.empty();
}

void Computer::before_routes_change() {
  if (work_) (void)finish_work(SIZE_MAX);
  (void)commit();
}

void Computer::use_routes(const store::QueuePolicy& policy) {
  policy_ = policy;
  if (first_) sinks_.restore();
  first_ = false;
  sinks_.set_limits(
      [this](std::string_view route) { return policy_of(parts_.routes.rule_of(route), policy_); }, policy_);
  stop_routes();
  const bool nothing_to_do =
      computations_.empty() && parts_.routes.inputs_queue() == 0 && !parts_.store.find_queue(kInputsQueue);
  if (nothing_to_do) return;
  outdated_ = true;
  adopt_routes();
}

// Once all that was computed by the routes before is durable, as state is taken over from the store.
void Computer::adopt_routes() {
  if (!outdated_ || failed_ || !commit() || committed_ > durable_) return;
  auto used = computations_.use(parts_.routes, context_, parts_.clock.now().hub_ms, anew_);
  if (used) used = lookups_.use(parts_.routes.table(), computations_.latest(), anew_);
  if (!used) {
    anew_ = true;
    note_refused(used.error());
    return;
  }
  const auto look_up = [this](RunningRoute& route) { route.computation->use_tables(&lookups_.tables()); };
  computations_.for_each(look_up);
  computations_.drains().for_each([&](Drain& drain) {
    if (drain.gives()) look_up(drain.route());
  });
  context_ = {};
  if (anew_) progress_.restore(parts_.store);
  watch_queue();
  inputs_.on_stored(computations_.latest());
  parts_.routes.expect(computations_.drains().queues());
  outdated_ = anew_ = false;
  send_contents();
}

// Another content of a file takes its place behind all inputs that have come.
void Computer::send_contents() {
  if (inputs_.queue() == 0 || outdated_) return;
  const store::Seq seq = lookups_.send_contents(inputs_.queue());
  if (seq != 0) inputs_.on_stored(seq);
}

void Computer::watch_queue() {
  const auto queue = parts_.store.find_queue(kInputsQueue);
  if (!queue) return;
  store::QueuePolicy policy = policy_;
  policy.age_max_ms = 0;
  policy.on_full = store::OnFull::reject;  // an input that was acknowledged counts
  parts_.store.set_policy(*queue, policy);
  const bool fresh = inputs_.queue() != *queue;
  if (fresh || anew_) inputs_.begin(*queue, computations_.latest());
  if (fresh) (void)parts_.consumers.add(*queue, kAllLanes, *this);
  parts_.consumers.wake(*queue, *this);
}

// No route has state, and nothing waits for one.
void Computer::drop_queue() {
  const store::QueueId queue = inputs_.queue();
  if (queue == 0 || outdated_ || !computations_.empty() || parts_.store.stats(queue).waiting() > 0) return;
  parts_.consumers.remove(queue, *this);
  inputs_.begin(0, 0);
  (void)parts_.store.remove_queue(queue);
}

// ---- inputs ----

void Computer::take(const core::MessagePtr& message, store::Seq seq, bool unchanged) {
  owed_ = std::min(owed_ + 1, kInputsOwedMax);
  if (seq != 0) return inputs_.on_stored(seq);
  inputs_.keep(message, unchanged);
  if (inputs_.queue() != 0) parts_.consumers.wake(inputs_.queue(), *this);
}

void Computer::on_ready(store::QueueId, bool) { turn(); }

void Computer::turn() {
  if (!can_go_on()) return;
  bool more = take_inputs();
  more = drain_some() || more;
  if (is_due()) (void)commit();
  drop_queue();
  if (more && blocked_by_.empty()) parts_.consumers.wake(inputs_.queue(), *this);
}

// A Change that was refused comes before anything else.
bool Computer::can_go_on() {
  if (failed_) return false;
  if (!blocked_by_.empty() && !commit()) return false;
  adopt_routes();
  return !outdated_;
}

// True if there may be more to do at once.
bool Computer::take_inputs() {
  const size_t inputs_max = std::max(kInputsATurn, owed_);
  for (size_t taken = 0; taken < inputs_max; ++taken) {
    if (!work_) {
      auto input = inputs_.next();
      if (!input) return false;
      begin_work(*std::move(input));
    }
    if (!finish_work(kResultsATurn)) return true;
    if (sinks_.size() >= kResultsATurn) return true;
  }
  return true;
}

void Computer::Work::clear() {
  input = {};
  takers.clear();
  routes.clear();
  advanced = 0;
}

void Computer::begin_work(Input input) {
  const core::Message& message = *input.message;
  progress_.reach(message.arrived_hub_ms);
  work_ = std::move(spare_);
  routing::assign_sender_key(message, work_->source);
  work_->id = input.seq != 0 ? std::to_string(input.seq) : "m" + std::to_string(++kept_ids_);
  work_->changes_lookups = lookups_.is_changed_by(input);
  work_->input = std::move(input);
  if (!Lookups::is_content(work_->input)) add_takers(*work_);
  work_->routes = work_->takers;
  if (work_->changes_lookups) add_readers(*work_);
  progress_.on_input();
  if (owed_ > 0) --owed_;
}

void Computer::add_takers(Work& work) {
  const Input& input = work.input;
  context_.set_unchanged(input.unchanged);
  for (const routing::RouteIndex index : parts_.routes.table().takers(*input.message, context_)) {
    ComputingRoute* const route = computations_.find(index);
    if (!route || !counts_for(route->stored, input.place)) continue;
    if (input.seq == 0 && sinks_.is_at_limit(route->plan->route))
      ++dropped_;
    else
      work.takers.push_back(route);
  }
  computations_.drains().for_each([&](Drain& drain) {
    if (drain.takes(input)) work.takers.push_back(&drain.route());
  });
}

// All that was due before a table changes is given with the rows of then.
void Computer::add_readers(Work& work) {
  const auto add = [&](RunningRoute& route) {
    if (!route.plan->query.lookups.empty() && std::ranges::find(work.routes, &route) == work.routes.end())
      work.routes.push_back(&route);
  };
  computations_.for_each(add);
  computations_.drains().for_each([&](Drain& drain) {
    const bool stays = drain.is_aside() && work.input.place > drain.stored().until;
    if (drain.gives() && !stays) add(drain.route());
  });
}

// False if it has to go on in the next turn: what is due before the input is more than one turn may give. All routes
// take the input in one turn, so that no Change has a part of its effect.
bool Computer::finish_work(size_t results_max) {
  for (; work_->advanced < work_->routes.size(); ++work_->advanced)
    if (advance(*work_->routes[work_->advanced], progress_.up_to_hub_ms(), results_max)) return false;
  if (work_->changes_lookups) lookups_.take(work_->input);
  for (RunningRoute* const route : work_->takers) take_one(*route);
  inputs_.done();
  work_->clear();
  spare_ = *std::exchange(work_, std::nullopt);
  return true;
}

void Computer::take_one(RunningRoute& route) {
  const core::Message& message = *work_->input.message;
  bool late = false;
  (void)route.computation->take(route.context->fields(), progress_.up_to_hub_ms(), work_->source, work_->id,
                                late, results_, message.hops);
  touch(route);
  if (late) give_late(route);
  hand_out(route, has_window(route) ? nullptr : &message);
}

void Computer::give_late(const RunningRoute& route) {
  const auto dead = parts_.store.find_queue(store::kDeadQueue);
  if (!dead) return;
  const core::MessagePtr& message = work_->input.message;
  const std::string why = "it came too late for its window";
  sinks_.of(route.plan->route)
      .queued.push_back({message, {dead_letter_target(*dead, route.plan->route, why, message->arrived_ms)}});
}

// ---- time ----

void Computer::tick() {
  release_held();
  remove_drained();
  if (inputs_.queue() == 0 && !outdated_) return;
  if (!can_go_on()) return;
  send_contents();
  bool more = false;
  if (!work_) {
    // Inputs before the newest have been computed. Later is only safe while nothing waits.
    const bool idle = inputs_.caught_up();
    const int64_t up_to_hub_ms = progress_.up_to_hub_ms();
    more = fire(idle ? std::max(up_to_hub_ms, parts_.clock.now().hub_ms) : up_to_hub_ms);
    more = drain_some() || more;
  }
  if (progress_.is_old() || is_due()) (void)commit();
  drop_queue();
  if (more && blocked_by_.empty()) parts_.consumers.wake(inputs_.queue(), *this);
}

// True if there is more than one turn may give: an input that comes first gives the rest.
bool Computer::fire(int64_t until_hub_ms) {
  bool more = false;
  computations_.for_each([&](RunningRoute& route) {
    const auto due_ms = route.computation->due_ms();
    if (!due_ms || *due_ms > until_hub_ms) return;
    if (sinks_.size() >= kResultsATurn) {
      more = true;
      return;
    }
    more = advance(route, until_hub_ms, kResultsATurn) || more;
    progress_.reach(until_hub_ms);
  });
  return more;
}

// Lets routes that have gone give what they have, once all that came for them was taken. True if there is more than one
// turn may give.
bool Computer::drain_some() {
  bool more = false;
  computations_.drains().for_each([&](Drain& one) {
    const bool ready = !work_ && one.gives() && !one.is_aside() && inputs_.is_past(one.stored().until);
    if (ready) more = sinks_.size() >= kResultsATurn || drain(one) || more;
  });
  return more;
}

bool Computer::drain(Drain& drain) {
  RunningRoute& route = drain.route();
  if (advance(route, drain.stored().closes_hub_ms, kResultsATurn)) return true;
  const bool more = route.computation->close(kResultsATurn, results_);
  touch(route);
  hand_out(route, nullptr);
  if (!more) drain.on_given();
  return more;
}

void Computer::remove_drained() {
  if (computations_.drains().empty() || failed_ || outdated_) return;
  if (!computations_.drains().erase(durable_)) return;
  parts_.routes.expect(computations_.drains().queues());
}

// True if more is due.
bool Computer::advance(RunningRoute& route, int64_t until_hub_ms, size_t results_max) {
  const bool more = route.computation->advance(until_hub_ms, results_max, results_);
  touch(route);
  hand_out(route, nullptr);
  return more;
}

void Computer::hand_out(RunningRoute& route, const core::Message* input) {
  if (results_.empty()) return;
  Outlet::Pending& pending = sinks_.of(route.plan->route);
  for (const routing::ComputeResult& result : results_)
    messages_.make(*route.routed, route.index, result, input, pending.queued, pending.published);
  results_.clear();
}

// ---- steps ----

void Computer::touch(RunningRoute& route) {
  route.touched = true;
  progress_.on_change();
}

bool Computer::is_due() const { return sinks_.size() > 0 || progress_.is_large(); }

void Computer::flush() { (void)commit(); }

// False if the Change was refused: it is tried again, and nothing is computed before.
bool Computer::commit() {
  if (failed_) return false;
  if (!progress_.any() && sinks_.size() == 0) return true;
  computations_.save_changed(progress_.values());
  lookups_.save_changed(progress_.values());
  const Outlet::Planned planned = sinks_.plan();
  const auto seq = parts_.store.commit({.ends = inputs_.ends(),
                                        .appends = planned.appends,
                                        .values = progress_.with(planned.values),
                                        .must_sync = planned.must_sync});
  if (!seq) {
    progress_.on_refused();
    if (sinks_.find_way_round(seq.error())) return commit();
    note_refused(seq.error());
    return false;
  }
  for (const store::Append& append : planned.appends) parts_.thinners.on_arrival(append.targets);
  blocked_by_.clear();
  progress_.on_saved();
  inputs_.on_ended();
  committed_ = std::max(committed_, *seq);
  computations_.drains().on_committed(*seq);
  sinks_.on_committed(*seq);
  stop_routes();
  return true;
}

void Computer::release_held() {
  if (failed_ || !sinks_.any_held()) return;
  committed_ = std::max(committed_, sinks_.release());
  stop_routes();
}

// Publishers of inputs wait for a route whose results have no room; those of others do not.
void Computer::stop_routes() { parts_.routes.stop_inputs(sinks_.at_limit()); }

void Computer::note_refused(const core::Error& error) {
  blocked_by_ = error.what;
  const auto left_out = refused_.admit(error.what, parts_.clock.now());
  if (!left_out) return;
  parts_.log.warn("computing_waits", {{"what", error.what},
                                      {"effect", "inputs of routes with windows wait in their queue"},
                                      {"left_out", *left_out}});
}

void Computer::describe(RouteInfo& info) const {
  const RunningRoute* const route = computations_.find(info.name);
  if (!route) return;
  const routing::Computation& computation = *route->computation;
  info.counts = routing::at_arrival_and_later(info.counts, computation.counts());
  if (!computation.sample().empty()) info.type_error_last = computation.sample();
  info.computed = ComputedInfo{computation.counts(), computation.groups(), computation.state_bytes(),
                               computations_.drains().groups_of(info.name),
                               blocked_by_.empty() ? sinks_.why(info.name) : blocked_by_};
}

std::optional<RouteWindows> Computer::open_windows(std::string_view name, size_t count) const {
  const RunningRoute* const route = computations_.find(name);
  if (!route) return std::nullopt;
  return RouteWindows{route->computation->open_windows(count), route->computation->groups()};
}

routing::RouteCounts Computer::counts_of(const std::string& name,
                                         const routing::RouteCounts& at_arrival) const {
  const RunningRoute* const route = computations_.find(name);
  return route ? routing::at_arrival_and_later(at_arrival, route->computation->counts()) : at_arrival;
}

// ---- the store ----

void Computer::on_durable(store::Seq up_to) {
  durable_ = up_to;
  sinks_.on_durable(up_to);
  release_held();
  if (outdated_) adopt_routes();
  remove_drained();
  if (!blocked_by_.empty()) on_room();
}

void Computer::on_room() {
  release_held();
  if (inputs_.queue() != 0 && !blocked_by_.empty()) parts_.consumers.wake(inputs_.queue(), *this);
}

// Work that was not durable has not happened: everything begins again with what is.
void Computer::on_failed() {
  failed_ = true;
  work_.reset();
  sinks_.on_failed();
  progress_.forget();
  committed_ = 0;
  blocked_by_.clear();
  outdated_ = anew_ = inputs_.queue() != 0 || outdated_;
}

void Computer::on_recovered() {
  failed_ = false;
  adopt_routes();
}

}  // namespace headgate::hub
