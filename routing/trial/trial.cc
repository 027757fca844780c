#include "routing/trial/trial.h"

#include <algorithm>
#include <utility>

#include "routing/compute/result_topic.h"

namespace headgate::routing {
namespace {

constexpr size_t kResultsAtOnce = 256;

TrialRow row_of(RouteIndex route, const Endpoint& endpoint, const core::Message& message) {
  TrialRow row;
  row.route = route;
  row.to = endpoint.name;
  row.topic = endpoint.kind == Sink::Kind::topic ? endpoint.topic : message.topic;
  row.body = message.body;
  return row;
}

// A queue takes a message once under each topic, whichever sinks of its route lead there.
bool is_told(const std::vector<TrialRow>& rows, size_t from, const TrialRow& row) {
  return std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(from), rows.end(),
                     [&row](const TrialRow& other) {
                       return other.route == row.route && other.to == row.to && other.topic == row.topic;
                     });
}

Verdict* verdict_of(TrialStep& step, RouteIndex route) {
  const auto found = std::ranges::find(step.verdicts, route, &Verdict::route);
  return found == step.verdicts.end() ? nullptr : &*found;
}

// The message that carries a result; `input`: the one that it was made of, of a window none.
core::Message draft_of(const ComputeResult& result, const core::Message* input, int64_t at_ms) {
  if (result.passes_on && input) return *input;
  core::Message draft;
  draft.body = result.body;
  if (input) draft.source = input->source;
  draft.arrived_ms = draft.arrived_hub_ms = at_ms;
  draft.qos = input ? input->qos : 1;
  draft.hops = input ? input->hops : result.hops;
  return draft;
}

}  // namespace

// A route with state.
struct Trial::Runner {
  Runner(RouteIndex index, std::shared_ptr<const ComputePlan> plan)
      : route(index), computation(std::move(plan)) {}

  RouteIndex route;
  Computation computation;
  bool took = false;  // the message at hand
};

Trial::Trial(std::span<const RouteSpec> specs, std::span<const TableSource> tables, Traces traces) {
  RouteTable::Built built = RouteTable::build(specs, tables);
  table_ = std::move(built.table);
  statuses_ = std::move(built.statuses);
  counts_.resize(table_->routes().size());
  for (const auto& source : table_->tables()) {
    LookupTable& table = lookups_.add(source);
    if (source->rows) table.replace(*source->rows);
  }
  for (const RouteIndex route : table_->computing()) {
    runners_.push_back(std::make_unique<Runner>(route, table_->plan(route)));
    runners_.back()->computation.use_tables(&lookups_);
  }
  judged_.resize(table_->routes().size());
  if (traces == Traces::none) return;
  SchemaSet schemas;
  for (size_t i = 0; i < specs.size(); ++i) {
    std::vector<Diagnostic> found;
    const RouteSchemas named{specs[i].schemas, schemas};
    if (statuses_[i].ok())
      compiled_.push_back(compile_route(specs[i].text, specs[i].semantics, specs[i].body, found, &named));
  }
}

Trial::~Trial() = default;

std::vector<TrialStep> Trial::take(core::MessagePtr message, uint64_t id) {
  std::vector<TrialStep> steps = advance(message->arrived_hub_ms);
  if (cut_) return steps;
  id_ = id;
  handle(std::move(message), false, steps);
  run_behind(steps);
  return steps;
}

std::vector<TrialStep> Trial::advance(int64_t to_ms) {
  std::vector<TrialStep> steps;
  made_bytes_ = 0;
  fire_until(to_ms, steps);
  present_ms_ = std::max(present_ms_, to_ms);
  return steps;
}

std::vector<TrialStep> Trial::finish() {
  std::vector<TrialStep> steps;
  made_bytes_ = 0;
  fire_until(INT64_MAX, steps);
  return steps;
}

const Trial::Runner* Trial::runner_of(RouteIndex route) const {
  const auto found = std::ranges::find(runners_, route, [](const auto& one) { return one->route; });
  return found == runners_.end() ? nullptr : found->get();
}

// ---- bounds ----

bool Trial::has_room() {
  cut_ = cut_ || made_bytes_ > bounds_.bytes_max;
  return !cut_;
}

bool Trial::goes_on() {
  cut_ = !has_room() || (bounds_.is_over && bounds_.is_over());
  return !cut_;
}

void Trial::add_row(TrialRow row, TrialStep& step) {
  made_bytes_ += sizeof row + row.to.size() + row.topic.size() + row.body.size();
  step.rows.push_back(std::move(row));
}

// ---- time ----

Trial::Runner* Trial::next_due() {
  Runner* next = nullptr;
  for (const auto& runner : runners_) {
    const auto due = runner->computation.due_ms();
    if (due && (!next || *due < *next->computation.due_ms())) next = runner.get();
  }
  return next;
}

void Trial::fire_until(int64_t to_ms, std::vector<TrialStep>& steps) {
  for (Runner* next = next_due(); next && *next->computation.due_ms() <= to_ms && goes_on();
       next = next_due()) {
    present_ms_ = std::max(present_ms_, *next->computation.due_ms());
    TrialStep step;
    step.at_ms = present_ms_;
    for (bool more = true; more && goes_on();) {
      Computation::Results results;
      more = next->computation.advance(present_ms_, kResultsAtOnce, results);
      for (const ComputeResult& result : results) add_rows(next->route, result, nullptr, step);
    }
    if (!step.rows.empty()) steps.push_back(std::move(step));
    run_behind(steps);
  }
}

void Trial::run_behind(std::vector<TrialStep>& steps) {
  while (!behind_.empty() && goes_on()) {
    core::MessagePtr message = std::move(behind_.front());
    behind_.pop_front();
    handle(std::move(message), true, steps);
  }
  behind_.clear();
}

// ---- a message ----

void Trial::handle(core::MessagePtr message, bool made_by_route, std::vector<TrialStep>& steps) {
  TrialStep step;
  step.at_ms = present_ms_;
  step.made_by_route = made_by_route;
  pick(*message, step);
  if (context_.changes_table()) change_tables(*message);
  project(message, step);
  compute(message, step);
  explain(*message, step);
  step.message = std::move(message);
  made_bytes_ += sizeof step;
  steps.push_back(std::move(step));
}

void Trial::pick(const core::Message& message, TrialStep& step) {
  std::vector<Match> matches;
  table_->match(message, context_, matches);
  for (const RouteIndex route : context_.candidates()) step.verdicts.push_back({route, Truth::no, {}});
  judge(step);
  for (const Match& match : matches) {
    if (!has_room()) return;
    const Endpoint& endpoint = table_->endpoints()[match.endpoint];
    if (endpoint.kind == Sink::Kind::topic && !republish(message, match.route, endpoint.topic)) continue;
    add_row(row_of(match.route, endpoint, message), step);
  }
}

void Trial::judge(TrialStep& step) {
  for (Verdict& verdict : step.verdicts) {
    const RouteStats now = context_.stats()[verdict.route];
    const RouteStats then = std::exchange(judged_[verdict.route], now);
    if (now.matched > then.matched) verdict.truth = Truth::yes;
    if (now.undefined + now.unreadable > then.undefined + then.unreadable) verdict.truth = Truth::undefined;
  }
}

void Trial::project(const core::MessagePtr& message, TrialStep& step) {
  for (const RouteIndex route : context_.projecting())
    add_rows(route, table_->project(route, context_), message.get(), step);
}

// Before routes take the message. All that was due has been given.
void Trial::change_tables(const core::Message& message) {
  lookups_.for_each([&](LookupTable& table) {
    if (takes_topic(table.source(), message.topic)) table.take(message);
  });
}

void Trial::compute(const core::MessagePtr& message, TrialStep& step) {
  for (const auto& runner : runners_) runner->took = false;
  if (!context_.computed()) return;
  const std::span<const RouteIndex> takers = table_->takers(*message, context_);
  const std::string source = sender_key(*message);
  for (const auto& runner : runners_) {
    if (std::ranges::find(takers, runner->route) == takers.end()) continue;
    runner->took = true;
    bool too_late = false;
    Computation::Results results;
    const Truth truth = runner->computation.take(context_.fields(), message->arrived_hub_ms, source,
                                                 std::to_string(id_), too_late, results, message->hops);
    if (Verdict* verdict = verdict_of(step, runner->route)) verdict->truth = truth;
    for (const ComputeResult& result : results) add_rows(runner->route, result, message.get(), step);
    if (too_late) dead_letter(*message, runner->route, step);
  }
}

void Trial::explain(const core::Message& message, TrialStep& step) {
  MessageFields fields;
  fields.bind(message);
  for (Verdict& verdict : step.verdicts) {
    TrialCounts& counts = counts_[verdict.route];
    if (verdict.truth == Truth::yes) ++counts.route.matched;
    if (verdict.truth == Truth::undefined) ++counts.route.undefined;
    if (verdict.truth == Truth::yes || compiled_.empty()) continue;
    const auto& route = compiled_[verdict.route];
    if (!route) continue;
    const Runner* runner = runner_of(verdict.route);
    Slots* slots = runner && runner->took ? runner->computation.remembered() : nullptr;
    verdict.why = trace_condition(*route, fields, slots, &lookups_);
  }
}

// ---- results ----

void Trial::add_rows(RouteIndex route, const ComputeResult& result, const core::Message* input,
                     TrialStep& step) {
  if ((!result.passes_on && result.body.empty()) || !has_room()) return;
  const RouteInfo& info = table_->routes()[route];
  const ComputePlan& plan = *table_->plan(route);
  const bool of_window = plan.query.window.kind != Window::Kind::none;
  const core::Message draft = draft_of(result, of_window ? nullptr : input, present_ms_);
  const size_t from = result.passes_on ? 0 : step.rows.size();
  for (size_t i = 0; i < plan.sinks.size(); ++i) {
    if (result.refused[i] || takes_the_message(plan.query, plan.sinks[i])) continue;
    const Endpoint& endpoint = table_->endpoints()[info.endpoints[i]];
    TrialRow row = row_of(route, endpoint, draft);
    row.topic = named_topic(plan.sinks[i], result.topics[i]);
    if (row.topic.empty()) row.topic = result.passes_on ? draft.topic : default_result_topic(info.name);
    if (endpoint.kind == Sink::Kind::upstream && is_told(step.rows, from, row)) continue;
    if (endpoint.kind == Sink::Kind::topic && !republish(draft, route, row.topic)) continue;
    row.start_ms = result.start_ms;
    row.end_ms = result.end_ms;
    row.rev = result.rev;
    row.complete = result.complete;
    row.withdrawn = result.withdrawn;
    add_row(std::move(row), step);
  }
}

// A result that goes round among routes ends where the hub would end it.
bool Trial::republish(const core::Message& draft, RouteIndex route, std::string topic) {
  if (draft.hops >= kMaxHops) {
    ++counts_[route].too_far;
    return false;
  }
  auto message = std::make_shared<core::Message>(draft);
  message->topic = std::move(topic);
  message->arrived_ms = message->arrived_hub_ms = present_ms_;
  message->retain = table_->routes()[route].retain;
  ++message->hops;
  made_bytes_ += sizeof *message + message->topic.size() + message->body.size();
  behind_.push_back(std::move(message));
  return true;
}

void Trial::dead_letter(const core::Message& message, RouteIndex route, TrialStep& step) {
  TrialRow row;
  row.route = route;
  row.to = "$deadletter";
  row.topic = message.topic;
  row.body = message.body;
  row.too_late = true;
  add_row(std::move(row), step);
}

TrialCounts Trial::counts(RouteIndex route) const {
  TrialCounts counts = counts_[route];
  if (route < context_.stats().size()) {
    counts.route.type_errors = context_.stats()[route].type_errors;
    counts.sample = context_.type_error(route);
  }
  const Runner* runner = runner_of(route);
  if (!runner) return counts;
  const RouteCounts judged = counts.route;
  counts.route = at_arrival_and_later(judged, runner->computation.counts());
  counts.route.matched = judged.matched;
  counts.route.undefined = judged.undefined;
  if (!runner->computation.sample().empty()) counts.sample = runner->computation.sample();
  return counts;
}

}  // namespace headgate::routing
