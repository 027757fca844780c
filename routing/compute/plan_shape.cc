#include <algorithm>
#include <numeric>

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/computation.h"
#include "routing/compute/windows/group_set.h"
#include "routing/compute/windows/kind.h"
#include "routing/language/functions.h"

namespace headgate::routing {
namespace {

constexpr uint64_t kKeyBytes = 64;      // of a group's values, as most are
constexpr uint64_t kMemoryBytes = 300;  // one key of a stateful function

void append_node(std::string& out, const Expression& expression, const Node& node) {
  pack_byte(out, static_cast<uint8_t>(node.op));
  pack_varint(out, node.left);
  pack_varint(out, node.right);
  pack_double(out, node.number);
  if (node.op == Op::call) pack_text(out, functions()[node.function].name);
  const bool named = node.name < expression.names.size();
  pack_text(out, named ? std::string_view(expression.names[node.name]) : std::string_view());
  if (node.path >= expression.paths.size()) return;
  for (const BodyStep& step : expression.paths[node.path]) {
    pack_text(out, step.name);
    pack_varint(out, step.index ? uint64_t{*step.index} + 1 : 0);
  }
}

void append_expression(std::string& out, const Expression& expression) {
  pack_varint(out, expression.nodes.size());
  for (const Node& node : expression.nodes) append_node(out, expression, node);
  for (const NodeIndex argument : expression.arguments) pack_varint(out, argument);
}

void append_expressions(std::string& out, const std::vector<Expression>& expressions) {
  pack_varint(out, expressions.size());
  for (const Expression& expression : expressions) append_expression(out, expression);
}

void append_window(std::string& out, const Window& window) {
  pack_byte(out, static_cast<uint8_t>(window.kind));
  for (const int64_t length : {window.size_ms, window.hop_ms, window.offset_ms, window.gap_ms})
    pack_signed(out, length);
  pack_varint(out, window.messages);
  pack_varint(out, window.hop_messages);
}

void append_aggregate(std::string& out, const Aggregate& aggregate) {
  pack_byte(out, static_cast<uint8_t>(aggregate.kind));
  pack_double(out, aggregate.parameter);
  append_expression(out, aggregate.argument);
  append_expression(out, aggregate.by);
  append_expression(out, aggregate.filter);
}

void append_stateful(std::string& out, const Stateful& stateful) {
  pack_byte(out, static_cast<uint8_t>(stateful.kind));
  pack_double(out, stateful.number);
  pack_byte(out, stateful.relative ? 1 : 0);
  pack_signed(out, stateful.interval_ms);
  append_expression(out, stateful.argument);
  append_expressions(out, stateful.over);
}

uint64_t pieces(int64_t length, int64_t piece) {
  return static_cast<uint64_t>(std::max<int64_t>(length, 0) / std::max<int64_t>(piece, 1)) + 1;
}

// Panes of one group at most, without those of messages far out of order.
uint64_t panes_max(const ComputePlan& plan) {
  const Window& window = plan.query.window;
  const int64_t kept =
      late_rule(plan).keep_ms + (plan.query.timestamp.empty() ? 0 : plan.limits.tolerance_ms);
  switch (window.kind) {
    case Window::Kind::none:
      return 0;
    case Window::Kind::tumbling:
      return pieces(kept, window.size_ms) + 1;
    case Window::Kind::hopping:
      return pieces(window.size_ms + kept, std::gcd(window.size_ms, window.hop_ms)) + 1;
    case Window::Kind::session:
      return pieces(kept, window.gap_ms) + 1;
    case Window::Kind::sliding:
      return std::min<uint64_t>(pieces(window.size_ms + kept, 1), SlidingWindows::kPanesMax);
    case Window::Kind::count:
      return window.messages / std::max(std::gcd(window.messages, window.hop_messages), 1U) + 1;
  }
  return 0;
}

// Windows of one group that are known at most because late messages have changed them or HAVING has refused them.
uint64_t revisions_max(const ComputePlan& plan) {
  const Window& window = plan.query.window;
  const int64_t keep_ms = late_rule(plan).keep_ms;
  if (keep_ms == 0) return 0;
  switch (window.kind) {
    case Window::Kind::tumbling:
      return pieces(keep_ms + plan.limits.tolerance_ms, window.size_ms) + 1;
    case Window::Kind::hopping:
      return pieces(keep_ms + plan.limits.tolerance_ms, window.hop_ms) + 1;
    case Window::Kind::session:
      return panes_max(plan);
    case Window::Kind::none:
    case Window::Kind::sliding:
    case Window::Kind::count:
      return 0;
  }
  return 0;
}

}  // namespace

std::string plan_signature(const ComputePlan& plan) {
  const Query& query = plan.query;
  std::string out;
  append_window(out, query.window);
  append_expression(out, query.timestamp);
  append_expressions(out, query.timestamp_over);
  append_expressions(out, query.keys);
  for (const Aggregate& aggregate : query.aggregates) append_aggregate(out, aggregate);
  for (const Stateful& stateful : query.stateful) append_stateful(out, stateful);
  return out;
}

uint64_t group_bound_bytes(const ComputePlan& plan) {
  const uint64_t memories = kMemoryBytes * plan.query.stateful.size();
  const uint64_t panes = panes_max(plan);
  if (panes == 0) return memories;
  const bool packs =
      plan.query.window.kind == Window::Kind::tumbling || plan.query.window.kind == Window::Kind::hopping;
  return kGroupBytes + kKeyBytes + memories + revisions_max(plan) * kRevisionBytes +
         Panes::bytes_max(panes, plan.query.aggregates.size(), sums_bytes_max(plan.query), packs);
}

uint64_t state_bound_bytes(const ComputePlan& plan) {
  return plan.limits.groups_max * group_bound_bytes(plan);
}

}  // namespace headgate::routing
