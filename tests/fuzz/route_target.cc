#include "tests/fuzz/route_target.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/message_fields.h"
#include "routing/language/print.h"
#include "routing/table/compile.h"
#include "tests/fuzz/must.h"

namespace headgate::fuzz {
namespace {

using routing::CompiledRoute;
using routing::Expression;
using routing::Value;

// Of the kinds that readers have to tell apart.
constexpr std::array<std::string_view, 8> kBodies = {
    R"({"a":[{"b":5}],"machine":{"temperature":71},"s":"x","n":null,"t":true,"o":{}})",
    "23.5",
    "ON",
    "",
    "[1,2,3]",
    R"({"a":)",
    R"({"a":1e308,"a":-0.0,"b":"2026-01-01T00:00:00Z","é":"ü"})",
    "\xFF\xFE"};

core::Message message_of(uint8_t choice) {
  core::Message message;
  message.topic = choice % 2 == 0 ? "plant/1/temperature" : "modules/sensor/outputs/o";
  message.body = kBodies[choice % kBodies.size()];
  message.arrived_ms = 1'790'000'000'000;
  auto properties = std::make_shared<core::Properties>();
  properties->user = {{"level", "high"}, {"temp", "71.5"}, {"$body.a", "conflict"}, {"empty", ""}};
  message.properties = std::move(properties);
  return message;
}

// Gives a value of each kind in turn.
class SomeValues final : public routing::Slots {
 public:
  [[nodiscard]] Value value(routing::Op, uint32_t index) noexcept override {
    switch ((calls_++ + index) % 7) {
      case 0:
        return Value::of(1.5);
      case 1:
        return Value::of(std::string_view("text"));
      case 2:
        return Value::of(true);
      case 3:
        return Value::null();
      case 4:
        return Value::missing();
      case 5:
        return {.kind = Value::Kind::json, .text = "[1]"};
      default:
        return Value::undefined();
    }
  }

 private:
  uint32_t calls_ = 0;
};

std::optional<CompiledRoute> compile(std::string_view text, routing::Semantics semantics) {
  std::vector<routing::Diagnostic> found;
  auto route = routing::compile_route(text, semantics, routing::BodyMode::auto_detect, found);
  must(route || !found.empty(), "a route that is refused is refused for a reason");
  for (const routing::Diagnostic& each : found) {
    must(each.offset <= text.size() && each.line >= 1 && each.column >= 1, "a finding lies in the text");
    must(!each.message.empty() && !render(each, text).empty(), "a finding says something");
  }
  return route;
}

std::vector<const Expression*> expressions_of(const CompiledRoute& route) {
  const routing::Query& query = route.query;
  std::vector<const Expression*> all = {&route.condition, &query.having, &query.timestamp};
  for (const auto& item : query.items) all.push_back(&item.value);
  for (const auto& key : query.keys) all.push_back(&key);
  for (const auto& key : query.timestamp_over) all.push_back(&key);
  for (const auto& aggregate : query.aggregates) {
    for (const Expression* part : {&aggregate.argument, &aggregate.by, &aggregate.filter})
      all.push_back(part);
  }
  for (const auto& stateful : query.stateful) {
    all.push_back(&stateful.argument);
    for (const auto& key : stateful.over) all.push_back(&key);
  }
  for (const auto& sink : route.sinks) {
    for (const auto& piece : sink.filled_in.pieces) all.push_back(&piece.value);
  }
  return all;
}

void keeps_limits(const CompiledRoute& route) {
  const routing::Query& query = route.query;
  must(query.items.size() <= routing::kItemsMax && query.aggregates.size() <= routing::kAggregatesMax &&
           query.stateful.size() <= routing::kStatefulMax && query.keys.size() <= routing::kKeysMax &&
           route.sinks.size() <= routing::kSinksMax && !route.sinks.empty(),
       "a route keeps its limits");
  for (const Expression* each : expressions_of(route))
    must(each->nodes.size() <= routing::kNodesMax, "an expression keeps its limit");
}

void evaluates(const CompiledRoute& route, const core::Message& message) {
  routing::MessageFields fields;
  fields.bind(message);
  routing::Evaluator evaluator;
  SomeValues values;
  for (const Expression* each : expressions_of(route)) {
    (void)evaluator.evaluate(*each, route.reading, fields, &values);
    (void)evaluator.decide(*each, route.reading, fields, &values);
    for (const routing::BodyPath& path : each->paths) (void)fields.body_json(path, route.reading.body);
  }
}

void reads_as_printed(const CompiledRoute& route) {
  const auto printed = [](const CompiledRoute& r) { return print(r.source, r.condition, r.query, r.sinks); };
  const std::string once = printed(route);
  if (once.size() > routing::kRouteBytesMax) return;
  const auto again = compile(once, routing::Semantics::strict);
  must(again.has_value(), "a printed route compiles: " + once);
  must(printed(*again) == once, "a printed route reads the same: " + once);
}

}  // namespace

void run_route(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<uint8_t>(input.front());
  const auto semantics = (choice & 0x80) != 0 ? routing::Semantics::edgehub : routing::Semantics::strict;
  const auto route = compile(input.substr(1), semantics);
  if (!route) return;
  keeps_limits(*route);
  evaluates(*route, message_of(choice & 0x7F));
  if (semantics == routing::Semantics::strict) reads_as_printed(*route);
}

}  // namespace headgate::fuzz
