#include "routing/compute/computation.h"

#include <algorithm>
#include <utility>

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/message_row.h"
#include "routing/compute/projection.h"
#include "routing/compute/recall/functions.h"
#include "routing/compute/topic_template.h"
#include "routing/compute/windows/window_engine.h"

namespace headgate::routing {
namespace {

constexpr uint8_t kCodecVersion = 3;
constexpr std::string_view kMetaKey = "m";

// FNV-1a: entries of another plan are told apart, nothing more depends on it.
uint32_t hash_of(std::string_view text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

// Stands before each stored entry.
std::string entry_head(const ComputePlan& plan) {
  std::string head;
  pack_byte(head, kCodecVersion);
  const uint32_t hash = hash_of(plan_signature(plan));
  for (int shift = 0; shift < 32; shift += 8) pack_byte(head, static_cast<uint8_t>(hash >> shift));
  return head;
}

}  // namespace

struct Computation::State {
  explicit State(std::shared_ptr<const ComputePlan> given) : plan(std::move(given)), head(entry_head(*plan)) {
    if (plan->query.window.kind != Window::Kind::none)
      windows = std::make_unique<WindowEngine>(*plan, evaluators.value, counts, sample);
    if (!plan->query.stateful.empty()) stateful = std::make_unique<StatefulFunctions>(*plan, counts);
  }

  void settle();
  // The result of a message that is forwarded, of a route without a window.
  void write_row(Fields& fields, Results& out);
  void save_meta(const Put& put);
  [[nodiscard]] bool load_meta(std::string_view bytes);
  [[nodiscard]] Truth decide(MessageRow& row, Fields& fields, std::string_view source, std::string_view id,
                             bool& dead_letter, Results& out);
  // Counts what an evaluator has met since `before`.
  void note_limits(const Evaluator& evaluator, uint64_t before);

  std::shared_ptr<const ComputePlan> plan;
  std::string head;
  RouteCounts counts;
  std::string sample;
  RowEvaluators evaluators;
  std::unique_ptr<WindowEngine> windows;
  std::unique_ptr<StatefulFunctions> stateful;
  uint64_t inputs = 0;  // taken so far
  uint8_t hops = 0;     // of the message at hand
  int64_t present_ms = kNever;
  bool settled = true;
  bool changed = false;
};

// Entries were loaded in any order: brings them together before the first use.
void Computation::State::settle() {
  if (std::exchange(settled, true)) return;
  if (windows) windows->settle(present_ms);
  if (stateful) stateful->settle();
}

void Computation::State::write_row(Fields& fields, Results& out) {
  ComputeResult result;
  Slots* slots = stateful.get();
  result.passes_on = plan->query.passes_on();
  if (!result.passes_on &&
      !append_row(plan->query, evaluators.value, plan->reading, fields, result.body, slots)) {
    ++counts.type_errors;
    sample = "the body is no JSON object, and SELECT *, … adds members to one";
    return;
  }
  fill_in_topics(plan->sinks, evaluators.value, plan->reading, fields, slots, result, counts.type_errors,
                 sample);
  ++counts.results;
  out.push_back(std::move(result));
}

Truth Computation::State::decide(MessageRow& row, Fields& fields, std::string_view source,
                                 std::string_view id, bool& dead_letter, Results& out) {
  Slots* slots = stateful ? &*stateful : nullptr;
  if (stateful) stateful->begin(row, source, id);
  const Truth truth = evaluators.value.decide(plan->condition, plan->reading, fields, slots);
  if (truth == Truth::undefined) ++counts.undefined;
  if (truth != Truth::yes) return truth;
  ++counts.matched;
  if (stateful) stateful->forward(row, source, id);
  if (windows && stateful) windows->share_with(stateful->bytes());
  if (windows)
    windows->take(row, hops, dead_letter, out);
  else
    write_row(fields, out);
  return truth;
}

void Computation::State::note_limits(const Evaluator& evaluator, uint64_t before) {
  const uint64_t met = evaluator.limits_met() - before;
  if (met == 0) return;
  counts.unchecked += met;
  counts.type_errors += met;
  sample.assign(kUnchecked).append(evaluator.limit());
}

void Computation::State::save_meta(const Put& put) {
  const bool moved = windows && windows->rest_changed();
  if (!std::exchange(changed, false) && !moved) return;
  std::string bytes = head;
  pack_varint(bytes, inputs);
  pack_signed(bytes, present_ms);
  if (windows) windows->save_rest(bytes);
  put(kMetaKey, std::move(bytes));
}

bool Computation::State::load_meta(std::string_view bytes) {
  PackedReader in(bytes);
  const uint64_t taken = in.varint();
  const int64_t present = in.signed_varint();
  if (windows) windows->load_rest(in);
  if (!in.ok() || !in.rest().empty() || present > kForever) return false;
  inputs = taken;
  present_ms = std::max(present, kNever);
  return true;
}

Computation::Computation(std::shared_ptr<const ComputePlan> plan)
    : state_(std::make_unique<State>(std::move(plan))) {}
Computation::~Computation() = default;
Computation::Computation(Computation&&) noexcept = default;
Computation& Computation::operator=(Computation&&) noexcept = default;

void Computation::use_tables(const LookupTables* tables) {
  state_->evaluators.value.use_tables(tables);
  state_->evaluators.by.use_tables(tables);
}

bool Computation::advance(int64_t now_ms, size_t results_max, Results& out) {
  state_->settle();
  return state_->windows && state_->windows->advance(now_ms, results_max, out);
}

Truth Computation::take(Fields& fields, int64_t arrived_ms, std::string_view source, std::string_view id,
                        bool& dead_letter, Results& out, uint8_t hops) {
  State& state = *state_;
  state.settle();
  state.changed = true;
  state.present_ms = arrived_ms;
  ++state.inputs;
  ++state.counts.evaluated;
  Slots* slots = state.stateful.get();
  MessageRow row(*state.plan, state.evaluators, fields, slots, arrived_ms, state.inputs);
  state.hops = hops;
  const uint64_t of_value = state.evaluators.value.limits_met();
  const uint64_t of_by = state.evaluators.by.limits_met();
  const Truth truth = state.decide(row, fields, source, id, dead_letter, out);
  state.note_limits(state.evaluators.value, of_value);
  state.note_limits(state.evaluators.by, of_by);
  return truth;
}

bool Computation::close(size_t results_max, Results& out) {
  state_->settle();
  return state_->windows && state_->windows->close(results_max, out);
}

std::optional<int64_t> Computation::due_ms() const {
  state_->settle();
  return state_->windows ? state_->windows->due_ms() : std::nullopt;
}

void Computation::save_changed(const Put& put) {
  state_->settle();
  const auto put_whole = [&](std::string_view key, std::optional<std::string> bytes) {
    if (bytes) bytes->insert(0, state_->head);
    put(key, std::move(bytes));
  };
  if (state_->windows) state_->windows->save(put_whole);
  if (state_->stateful) state_->stateful->save(put_whole);
  state_->save_meta(put);
}

bool Computation::load(std::string_view key, std::string_view bytes) {
  if (key.empty() || !bytes.starts_with(state_->head)) return false;
  state_->settled = false;
  bytes.remove_prefix(state_->head.size());
  if (key == kMetaKey) return state_->load_meta(bytes);
  if (key.starts_with('s')) return state_->stateful && state_->stateful->load(key, bytes);
  return state_->windows && state_->windows->load(key, bytes);
}

Slots* Computation::remembered() const { return state_->stateful.get(); }
const RouteCounts& Computation::counts() const { return state_->counts; }
const std::string& Computation::sample() const { return state_->sample; }

uint64_t Computation::state_bytes() const {
  return (state_->windows ? state_->windows->bytes() : 0) +
         (state_->stateful ? state_->stateful->bytes() : 0);
}

OpenWindows Computation::open_windows(size_t count) const {
  state_->settle();
  OpenWindows windows;
  if (state_->windows) state_->windows->show(count, windows);
  if (state_->stateful) state_->stateful->show(count, windows);
  return windows;
}

size_t Computation::groups() const {
  return (state_->windows ? state_->windows->groups() : 0) +
         (state_->stateful ? state_->stateful->size() : 0);
}

}  // namespace headgate::routing
