#include "routing/shadow/runner.h"

#include <algorithm>
#include <utility>

#include "routing/compute/result_topic.h"

namespace headgate::routing {

void ShadowRun::fill_from_file(LookupTable& table) {
  if (table.source().rows) table.replace(*table.source().rows);
}

ShadowRun::ShadowRun(std::shared_ptr<const RouteTable> table, const FillTable& fill)
    : table_(std::move(table)) {
  shadows_.resize(table_->routes().size());
  for (const auto& source : table_->tables()) {
    LookupTable& lookup = lookups_.add(source);
    fill(lookup);
    lookup.forget_changes();
  }
  for (const RouteIndex route : table_->computing())
    computations_.emplace(route, table_->plan(route)).first->second.use_tables(&lookups_);
}

void ShadowRun::use_tables(std::span<const TableSource> tables) {
  for (const TableSource& source : tables) {
    LookupTable* const table = lookups_.find(source.name);
    if (!table || !source.rows || !is_same_table(table->source(), source)) continue;
    table->replace(*source.rows);
    table->forget_changes();
  }
}

bool ShadowRun::advance(int64_t now_ms, size_t results_max) {
  present_ms_ = std::max(present_ms_, now_ms);
  size_t given = 0;
  for (auto& [route, computation] : computations_) {
    const auto due_ms = computation.due_ms();
    if (!due_ms || *due_ms > present_ms_) continue;
    if (given >= results_max) return true;
    results_.clear();
    const bool more = computation.advance(present_ms_, results_max - given, results_);
    given += results_.size();
    for (const ComputeResult& result : results_) count_result(route, result, nullptr, *due_ms);
    if (more) return true;
  }
  return false;
}

void ShadowRun::take(const core::Message& message, uint64_t id) {
  present_ms_ = std::max(present_ms_, message.arrived_hub_ms);
  table_->match(message, context_, matches_);
  for (const RouteIndex route : context_.candidates()) {
    ++shadows_[route].evaluated;
    const uint64_t matched = context_.stats()[route].matched;
    if (std::exchange(shadows_[route].matched_before, matched) != matched) count_picks(route, message);
  }
  if (context_.changes_table()) change_tables(message);
  for (const RouteIndex route : context_.projecting())
    count_result(route, table_->project(route, context_), &message, message.arrived_ms);
  if (context_.computed()) compute(message, id);
}

// Sinks that want the message itself. Each counts, though at work an endpoint would get a message of several routes once.
void ShadowRun::count_picks(RouteIndex route, const core::Message& message) {
  const auto& plan = table_->plan(route);
  for (size_t sink = 0; sink < table_->routes()[route].endpoints.size(); ++sink) {
    if (plan && !takes_the_message(plan->query, plan->sinks[sink])) continue;
    const Endpoint& endpoint = table_->endpoints()[table_->routes()[route].endpoints[sink]];
    const bool renamed = endpoint.kind == Sink::Kind::topic;
    note(route, sink, renamed ? endpoint.topic : message.topic, message.body, message.arrived_ms);
  }
}

void ShadowRun::count_result(RouteIndex route, const ComputeResult& result, const core::Message* input,
                             int64_t at_ms) {
  if (!result.passes_on && result.body.empty()) return;
  const ComputePlan& plan = *table_->plan(route);
  for (size_t sink = 0; sink < plan.sinks.size(); ++sink) {
    if (result.refused[sink] || takes_the_message(plan.query, plan.sinks[sink])) continue;
    const bool passes_on = result.passes_on && input != nullptr;
    std::string topic = named_topic(plan.sinks[sink], result.topics[sink]);
    if (topic.empty()) topic = passes_on ? input->topic : default_result_topic(plan.route);
    note(route, sink, std::move(topic), passes_on ? input->body : result.body, at_ms);
  }
}

void ShadowRun::note(RouteIndex route, size_t sink, std::string topic, std::string_view body, int64_t at_ms) {
  const Endpoint& endpoint = table_->endpoints()[table_->routes()[route].endpoints[sink]];
  if (endpoint.kind == Sink::Kind::null) return;
  Shadow& shadow = shadows_[route];
  ++shadow.results;
  shadow.last = {at_ms, endpoint.name, std::move(topic), std::string(body.substr(0, kSampleBytesMax))};
}

// Before routes take the message: whatever was due has been given with the rows of then.
void ShadowRun::change_tables(const core::Message& message) {
  lookups_.for_each([&message](LookupTable& table) {
    if (takes_topic(table.source(), message.topic)) table.take(message);
    table.forget_changes();
  });
}

void ShadowRun::compute(const core::Message& message, uint64_t id) {
  const auto takers = table_->takers(message, context_);
  const std::vector<RouteIndex> routes(takers.begin(), takers.end());
  const std::string source = sender_key(message);
  for (const RouteIndex route : routes) {
    bool too_late = false;
    results_.clear();
    (void)computations_.at(route).take(context_.fields(), present_ms_, source, std::to_string(id), too_late,
                                       results_);
    for (const ComputeResult& result : results_) count_result(route, result, &message, message.arrived_ms);
  }
}

ShadowCounts ShadowRun::counts(RouteIndex route) const {
  ShadowCounts counts;
  const Shadow& shadow = shadows_[route];
  counts.last = shadow.last;
  if (route < context_.stats().size()) {
    counts.route = context_.stats()[route].counts();
    counts.type_error_last = context_.type_error(route);
  }
  if (const auto known = computations_.find(route); known != computations_.end()) {
    const Computation& computation = known->second;
    counts.route = at_arrival_and_later(counts.route, computation.counts());
    counts.groups = computation.groups();
    counts.state_bytes = computation.state_bytes();
    if (!computation.sample().empty()) counts.type_error_last = computation.sample();
  }
  counts.route.evaluated = shadow.evaluated;
  counts.route.results = shadow.results;
  return counts;
}

}  // namespace headgate::routing
