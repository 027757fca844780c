#include "routing/compute/aggregates/accumulator.h"

#include <utility>

namespace headgate::routing {
namespace {

using Kind = Value::Kind;

// Forms of the stored state, one number for all kinds: a release that changes a kind's form counts it up, and reads
// the older ones.
constexpr uint8_t kVersion = 1;

bool is_absent(const Value& value) {
  return value.is(Kind::undefined) || value.is(Kind::missing) || value.is(Kind::null) || value.is(Kind::json);
}

// Makes `states` hold its alternative number `index`, empty.
template <typename States, size_t... kIndex>
void choose(States& states, size_t index, std::index_sequence<kIndex...>) {
  (void)((index == kIndex && (states.template emplace<kIndex>(), true)) || ...);
}

template <typename States, size_t... kIndex>
void merge_states(States& into, const States& from, std::index_sequence<kIndex...>) {
  const auto merge_one = [&]<size_t kOne>(std::integral_constant<size_t, kOne>) {
    std::get<kOne>(into).merge(static_cast<AggregateKind>(kOne), std::get<kOne>(from));
    return true;
  };
  (void)((into.index() == kIndex && merge_one(std::integral_constant<size_t, kIndex>{})) || ...);
}

template <typename States>
using IndicesOf = std::make_index_sequence<std::variant_size_v<States>>;

}  // namespace

Accumulator Accumulator::of(const Aggregate& aggregate) {
  Accumulator made;
  choose(made.state_, static_cast<size_t>(aggregate.kind), IndicesOf<States>{});
  if (auto* quantile = std::get_if<Quantile>(&made.state_)) quantile->set_parameter(aggregate.parameter);
  if (auto* collected = std::get_if<Collected>(&made.state_)) collected->set_parameter(aggregate.parameter);
  return made;
}

Taken Accumulator::add(const Value& argument, const Value& by, Stamp stamp) {
  if (kind() != AggregateKind::count_rows && is_absent(argument)) return Taken::skipped;
  if (kind() == AggregateKind::argmax && is_absent(by)) return Taken::skipped;
  return std::visit([&](auto& state) { return state.add(kind(), Sample{argument, by, stamp}); }, state_);
}

void Accumulator::merge(const Accumulator& other) {
  if (&other == this) return merge(Accumulator(other));
  if (state_.index() == other.state_.index()) merge_states(state_, other.state_, IndicesOf<States>{});
}

Value Accumulator::value(Scratch& scratch) const {
  return std::visit([&](const auto& state) { return state.value(kind(), scratch); }, state_);
}

size_t Accumulator::bytes() const {
  return sizeof *this + std::visit([](const auto& state) { return state.heap_bytes(); }, state_);
}

size_t Accumulator::bytes_max() const {
  return sizeof *this + std::visit([](const auto& state) { return state.heap_bytes_max(); }, state_);
}

void Accumulator::save(std::string& out) const {
  pack_byte(out, static_cast<uint8_t>(kind()));
  pack_byte(out, kVersion);
  std::visit([&](const auto& state) { state.save(out); }, state_);
}

bool Accumulator::load(std::string_view& in) {
  PackedReader reader(in);
  const auto clear = [](auto& state) { state.clear(); };
  std::visit(clear, state_);
  const bool ours = reader.byte() == static_cast<uint8_t>(kind()) && reader.byte() == kVersion;
  const bool loaded =
      ours && std::visit([&](auto& state) { return state.load(reader); }, state_) && reader.ok();
  if (loaded)
    in = reader.rest();
  else
    std::visit(clear, state_);
  return loaded;
}

}  // namespace headgate::routing
