#include "tests/routing/document/example.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <utility>
#include <vector>

#include "routing/compute/projection.h"
#include "routing/table/route_table.h"

namespace headgate::routing {
namespace {

constexpr int64_t kMidnightMs = 1'772'409'600'000;  // 2026-03-02, UTC
constexpr size_t kResultsAtOnce = 256;

int64_t time_of(const std::string& clock) {
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  EXPECT_EQ(std::sscanf(clock.c_str(), "%d:%d:%d", &hours, &minutes, &seconds), 3) << clock;
  return kMidnightMs + ((hours * int64_t{60} + minutes) * 60 + seconds) * 1000;
}

std::string clock_of(int64_t ms) {
  const int64_t seconds = (ms - kMidnightMs) / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", int(seconds / 3600), int(seconds / 60 % 60),
                int(seconds % 60));
  return text;
}

std::string written(const Sink& sink, const std::string& topic) {
  switch (sink.kind) {
    case Sink::Kind::upstream:
      return topic.empty() ? "$upstream" : "Upstream('" + topic + "')";
    case Sink::Kind::module_input:
      return "BrokeredEndpoint(\"/" + sink.topic + "\")";
    case Sink::Kind::topic:
      return "Topic('" + topic + "')";
    case Sink::Kind::dead_letter:
      return "$deadletter";
    case Sink::Kind::null:
      return "$null";
  }
  return {};
}

}  // namespace

Example::Example(CompiledRoute route, const ComputeLimits& limits, const std::vector<TableSource>& tables)
    : plan_(std::make_shared<const ComputePlan>(ComputePlan{"example", std::move(route.query),
                                                            std::move(route.condition), route.reading,
                                                            std::move(route.sinks), limits})),
      computation_(plan_) {
  source_.add(route.source, 0);
  for (const TableSource& table : tables)
    tables_.add(std::make_shared<const TableSource>(table)).replace(*table.rows);
  computation_.use_tables(&tables_);
}

std::string Example::play(const std::string& input) {
  std::istringstream lines(input);
  for (std::string line; std::getline(lines, line);) play_line(line);
  return std::exchange(told_, {});
}

void Example::play_line(const std::string& line) {
  std::istringstream words(line);
  std::string clock;
  core::Message message;
  words >> clock >> message.topic >> std::ws;
  std::getline(words, message.body);
  message.arrived_ms = message.arrived_hub_ms = time_of(clock);
  let_pass(message.arrived_ms);
  if (!message.topic.empty() && comes_from_source(message)) take(message);
}

// A result is told as of the time at which it was due.
void Example::let_pass(int64_t until_ms) {
  for (auto due = computation_.due_ms(); due && *due <= until_ms; due = computation_.due_ms()) {
    now_ms_ = std::max(now_ms_, *due);
    Computation::Results out;
    while (computation_.advance(now_ms_, kResultsAtOnce, out)) continue;
    for (const ComputeResult& result : out) tell(result, nullptr);
  }
  now_ms_ = until_ms;
}

bool Example::comes_from_source(const core::Message& message) const {
  std::string path;
  source_path(message, path);
  std::vector<RouteIndex> found;
  source_.collect(path, message.topic, found);
  return !found.empty();
}

void Example::take(const core::Message& message) {
  fields_.bind(message);
  if (!plan_->query.has_state()) {
    if (evaluator_.decide(plan_->condition, plan_->reading, fields_) == Truth::yes)
      tell(project(*plan_, evaluator_, fields_, type_errors_, sample_), &message);
    return;
  }
  Computation::Results out;
  bool dead_letter = false;
  (void)computation_.take(fields_, message.arrived_ms, message.topic, "example:" + std::to_string(++inputs_),
                          dead_letter, out);
  for (const ComputeResult& result : out) tell(result, &message);
  if (dead_letter) tell(message.arrived_ms, "$deadletter " + message.body);
}

void Example::tell(const ComputeResult& result, const core::Message* input) {
  const std::string& sample = plan_->query.has_state() ? computation_.sample() : sample_;
  if (!result.passes_on && result.body.empty()) return tell(now_ms_, "refused: " + sample);
  for (size_t i = 0; i < plan_->sinks.size(); ++i) {
    const Sink& sink = plan_->sinks[i];
    if (result.refused[i]) {
      tell(now_ms_, "refused: " + sample);
      continue;
    }
    std::string line = written(sink, result.topics[i].value_or(sink.topic)) + " ";
    line += result.passes_on && input ? input->body : result.body;
    if (result.rev > 0) line += " rev " + std::to_string(result.rev);
    if (!result.complete) line += " partial";
    tell(now_ms_, line);
  }
}

void Example::tell(int64_t at_ms, const std::string& what) { told_ += clock_of(at_ms) + " " + what + "\n"; }

}  // namespace headgate::routing
