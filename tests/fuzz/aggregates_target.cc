#include "tests/fuzz/aggregates_target.h"

#include <algorithm>
#include <bit>
#include <string>

#include "routing/compute/aggregates/accumulator.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/script.h"

namespace headgate::fuzz {
namespace {

using routing::Accumulator;
using routing::Aggregate;
using routing::AggregateKind;
using routing::Scratch;
using routing::Stamp;
using routing::Value;

std::string stored(const Accumulator& state) {
  std::string bytes;
  state.save(bytes);
  return bytes;
}

// Sums are exact for values of like size only, and random doubles are not.
bool has_one_state_for_a_set(AggregateKind kind) {
  return kind <= AggregateKind::count_if || (kind >= AggregateKind::min && kind <= AggregateKind::last) ||
         kind >= AggregateKind::delta;
}

Aggregate chosen_aggregate(Script& script) {
  Aggregate chosen;
  chosen.kind = static_cast<AggregateKind>(script.below(static_cast<unsigned>(AggregateKind::collect) + 1));
  const uint8_t parameter = script.byte();
  chosen.parameter = chosen.kind == AggregateKind::collect ? parameter : parameter / 255.0;
  return chosen;
}

Value chosen_value(Script& script) {
  switch (script.below(6)) {
    case 0:
      return Value::null();
    case 1:
      return Value::of(script.yes());
    case 2:
      return Value::of(script.take(script.byte()));
    case 3:
      return Value::of(static_cast<double>(script.byte()) - 100);
    default: {
      uint64_t bits = 0;
      for (const char byte : script.take(8)) bits = bits << 8 | static_cast<uint8_t>(byte);
      return Value::of(std::bit_cast<double>(bits));
    }
  }
}

void look_at(const Accumulator& state) {
  Scratch scratch;
  const Value value = state.value(scratch);
  must(!value.is(Value::Kind::undefined), "a result is a value or null");
  must(state.bytes() <= state.bytes_max(), "memory stays within its bound");
}

void must_survive_storing(const Aggregate& spec, const Accumulator& state) {
  const std::string bytes = stored(state);
  std::string_view in = bytes;
  Accumulator again = Accumulator::of(spec);
  must(again.load(in) && in.empty(), "a stored state is read back");
  must(stored(again) == bytes, "a state that was read back is the same");
}

Accumulator loaded(const Aggregate& spec, std::string_view bytes) {
  Accumulator state = Accumulator::of(spec);
  std::string_view in = bytes;
  if (state.load(in)) {
    must_survive_storing(spec, state);
  } else {
    must(in == bytes, "bytes that were refused are left where they were");
    must(stored(state) == stored(Accumulator::of(spec)), "a state that was refused leaves nothing behind");
  }
  return state;
}

}  // namespace

void run_aggregates(std::string_view input) {
  Script script(input);
  const Aggregate spec = chosen_aggregate(script);
  size_t size = script.byte() * size_t{256};
  size += script.byte();
  Accumulator from_store = loaded(spec, script.take(size));
  look_at(from_store);
  Accumulator whole = Accumulator::of(spec), one = whole, other = whole;
  for (uint64_t order = 0; !script.ended(); ++order) {
    const Value argument = chosen_value(script);
    const Value by = spec.kind == AggregateKind::argmax ? chosen_value(script) : Value::null();
    const uint8_t choice = script.byte();
    const Stamp stamp{choice % 16 * 1000, order};
    for (Accumulator* each : {&whole, choice < 128 ? &one : &other, &from_store})
      (void)each->add(argument, by, stamp);
  }
  one.merge(other);
  if (has_one_state_for_a_set(spec.kind))
    must(stored(one) == stored(whole), "merging what was split gives the whole");
  must_survive_storing(spec, one);
  must_survive_storing(spec, from_store);
  from_store.merge(whole);
  for (const Accumulator* each : {&one, &whole, &from_store}) look_at(*each);
}

}  // namespace headgate::fuzz
