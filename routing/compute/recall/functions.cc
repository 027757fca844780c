#include "routing/compute/recall/functions.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "routing/compute/group_key.h"
#include "routing/language/print.h"

namespace headgate::routing {
namespace {

constexpr size_t kLastBytesMax = 64;  // of a value that is remembered whole
constexpr size_t kExpiredAtOnce = 2;

// FNV-1a with a finishing step that spreads the last bytes over all bits.
uint64_t hash_of_text(std::string_view text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBULL;
  return hash ^ (hash >> 31);
}

// The value as a key; a long text as its hash.
std::string remembered_form(const Value& value) {
  std::string form;
  append_key(form, value);
  if (form.size() <= kLastBytesMax) return form;
  const uint64_t hash = hash_of_text(form);
  form.clear();
  append_key(form, Value::of(std::string_view("hash")));
  pack_u64(form, hash);
  return form;
}

bool is_absent_form(std::string_view form) { return key_value(form, 0).is(Value::Kind::null); }

bool has_moved(const Stateful& function, std::string_view last, std::string_view now) {
  const Value a = key_value(last, 0);
  const Value b = key_value(now, 0);
  if (!a.is(Value::Kind::number) || !b.is(Value::Kind::number)) return last != now;
  const double band = function.relative ? function.number * std::abs(a.number) : function.number;
  if (band == 0) return last != now;
  return std::abs(b.number - a.number) > band;
}

bool is_sampled(double number, std::string_view id) {
  const uint64_t hash = hash_of_text(id);
  if (number < 1) return std::ldexp(static_cast<double>(hash >> 11), -53) < number;
  return hash % static_cast<uint64_t>(number) == 0;
}

void mark_stateful(const Expression& expression, std::vector<bool>& marks) {
  for (const Node& node : expression.nodes) {
    if (node.op == Op::stateful && node.left < marks.size()) marks[node.left] = true;
  }
}

}  // namespace

StatefulFunctions::StatefulFunctions(const ComputePlan& plan, RouteCounts& counts)
    : plan_(plan),
      counts_(counts),
      of_where_(plan.query.stateful.size()),
      values_(plan.query.stateful.size()),
      texts_(plan.query.stateful.size()),
      memories_(plan.query.stateful.size()) {
  mark_stateful(plan.condition, of_where_);
}

Value StatefulFunctions::value(Op op, uint32_t index) noexcept {
  return op == Op::stateful && index < values_.size() ? values_[index] : Value::undefined();
}

void StatefulFunctions::begin(MessageRow& row, std::string_view source, std::string_view id) {
  pending_.clear();
  for (size_t i = 0; i < values_.size(); ++i) {
    values_[i] = Value::undefined();
    if (of_where_[i]) compute(i, row, source, id);
  }
}

void StatefulFunctions::forward(MessageRow& row, std::string_view source, std::string_view id) {
  for (size_t i = 0; i < values_.size(); ++i) {
    if (!of_where_[i]) compute(i, row, source, id);
  }
  commit(row);
}

void StatefulFunctions::make_key(size_t index, MessageRow& row, std::string_view source) {
  const Stateful& function = plan_.query.stateful[index];
  row.key(function.over, key_);
  if (function.over.empty()) append_key(key_, Value::of(source));
  key_.insert(key_.begin(), static_cast<char>(index));
}

void StatefulFunctions::compute(size_t index, MessageRow& row, std::string_view source, std::string_view id) {
  const Stateful& function = plan_.query.stateful[index];
  Value value;
  if (function.kind == StatefulKind::sample) {
    value = Value::of(is_sampled(function.number, id));
  } else {
    make_key(index, row, source);
    switch (function.kind) {
      case StatefulKind::rising:
      case StatefulKind::falling:
        value = edge(function, row);
        break;
      case StatefulKind::holds:
        value = holds(function, row);
        break;
      case StatefulKind::lag:
        value = lag(function, row);
        break;
      case StatefulKind::diff:
        value = diff(function, row);
        break;
      default:
        value = compute_forwarded(function, row);
    }
  }
  if (!value.text.empty()) {
    texts_[index] = std::string(value.text);
    value.text = texts_[index];
  }
  values_[index] = value;
}

// changed, every and dedup compare with a message that was forwarded.
Value StatefulFunctions::compute_forwarded(const Stateful& function, MessageRow& row) {
  std::string last;
  if (function.kind != StatefulKind::every) {
    const Value argument = row.told_apart(function.argument);
    last = remembered_form(argument);
  }
  if (function.kind == StatefulKind::dedup) {
    if (is_absent_form(last)) return Value::undefined();
    key_ += std::exchange(last, {});
  }
  const Memory* memory = of(key_).table.find(key_);
  const bool is_over =
      memory && function.interval_ms > 0 && row.arrived_ms() - memory->since_ms >= function.interval_ms;
  bool yes = !memory || is_over;
  if (function.kind == StatefulKind::changed) {
    yes = memory ? is_over || has_moved(function, memory->last, last) : !is_absent_form(last);
    pending_.push_back({key_, std::move(last)});
  } else if (yes) {
    pending_.push_back({key_, {}});
  }
  return Value::of(yes);
}

Value StatefulFunctions::edge(const Stateful& function, MessageRow& row) {
  const Truth now = truth_of(row.value(function.argument));
  if (now == Truth::undefined) return Value::undefined();
  const bool holds = now == Truth::yes;
  const Memory* known = of(key_).table.find(key_);
  const bool held = known && known->truth;
  if (!known || held != holds) {
    Memory& memory = remembered(row, key_);
    memory.truth = holds;
    change(memory);
  }
  return Value::of(function.kind == StatefulKind::rising ? holds && !held : held && !holds);
}

Value StatefulFunctions::holds(const Stateful& function, MessageRow& row) {
  const Truth now = truth_of(row.value(function.argument));
  if (now == Truth::undefined) return Value::undefined();
  const bool holds = now == Truth::yes;
  const Memory* known = of(key_).table.find(key_);
  if (!known || known->truth != holds) {
    Memory& memory = remembered(row, key_);
    memory.truth = holds;
    memory.since_ms = row.arrived_ms();
    change(memory);
    known = &memory;
  }
  return Value::of(holds && row.arrived_ms() - known->since_ms >= function.interval_ms);
}

Value StatefulFunctions::lag(const Stateful& function, MessageRow& row) {
  const size_t back = std::max<size_t>(static_cast<size_t>(function.number), 1);
  const Value argument = row.as_written(function.argument);
  KeptValue newest;
  if (KeptValue::can_keep(argument)) newest.keep(argument);
  Memory& memory = remembered(row, key_);
  memory.values.push_back(std::move(newest));
  KeptValue before;
  if (memory.values.size() > back) {
    before = std::move(memory.values.front());
    memory.values.erase(memory.values.begin());
  }
  change(memory);
  if (before.empty()) return Value::undefined();
  Value value = before.value();
  lagging_ = std::string(value.text);
  value.text = lagging_;
  return value;
}

Value StatefulFunctions::diff(const Stateful& function, MessageRow& row) {
  const Value argument = row.value(function.argument);
  if (!argument.is(Value::Kind::number) || !KeptValue::can_keep(argument)) return Value::undefined();
  Memory& memory = remembered(row, key_);
  Value difference;
  if (!memory.values.empty()) difference = Value::of(argument.number - memory.values.back().value().number);
  memory.values.resize(1);
  memory.values.back().keep(argument);
  change(memory);
  return difference;
}

void StatefulFunctions::commit(MessageRow& row) {
  for (Pending& pending : pending_) {
    Memory& memory = remembered(row, pending.key);
    memory.since_ms = row.arrived_ms();
    memory.last = std::move(pending.last);
    change(memory);
  }
  pending_.clear();
}

Memory& StatefulFunctions::remembered(MessageRow& row, const std::string& key) {
  Memories& memories = of(key);
  if (Memory* known = memories.table.find(key)) return *known;
  make_room(memories, row.arrived_ms());
  auto memory = std::make_unique<Memory>();
  memory->id = next_id_++;
  memory->key = key;
  return *memories.table.add(std::move(memory));
}

void StatefulFunctions::change(Memory& memory) {
  Memories& memories = of(memory.key);
  const size_t bytes = memory_bytes(memory);
  memories.bytes += bytes - memory.bytes;
  bytes_ += bytes - memory.bytes;
  memory.bytes = bytes;
  memories.table.touch(memory);
  // Beside windows they have a half of the route's memory.
  const bool alone = plan_.query.window.kind == Window::Kind::none;
  while (bytes_ > plan_.limits.state_bytes_max / (alone ? 1 : 2)) {
    Memories& most = largest();
    if (most.table.oldest() == &memory) return;
    evict_oldest(most);
  }
}

StatefulFunctions::Memories& StatefulFunctions::largest() {
  return *std::max_element(memories_.begin(), memories_.end(),
                           [](const Memories& a, const Memories& b) { return a.bytes < b.bytes; });
}

bool StatefulFunctions::has_expired(const Memory& memory, int64_t now_ms) const {
  const Stateful& function = plan_.query.stateful[static_cast<uint8_t>(memory.key.front())];
  const bool by_time = function.kind == StatefulKind::every || function.kind == StatefulKind::dedup;
  return by_time && now_ms - memory.since_ms >= function.interval_ms;
}

// Memories that have expired make no difference, and go first; then those that were not changed for longest.
void StatefulFunctions::make_room(Memories& memories, int64_t now_ms) {
  KeptTable<Memory>& table = memories.table;
  for (size_t i = 0; i < kExpiredAtOnce && !table.empty() && has_expired(*table.oldest(), now_ms); ++i)
    remove(memories, *table.oldest());
  const size_t most = std::max<size_t>(plan_.limits.groups_max, 1);
  while (!table.empty() && table.size() >= most) evict_oldest(memories);
}

void StatefulFunctions::evict_oldest(Memories& memories) {
  ++counts_.evicted;
  remove(memories, *memories.table.oldest());
}

void StatefulFunctions::remove(Memories& memories, Memory& memory) {
  memories.bytes -= memory.bytes;
  bytes_ -= memory.bytes;
  memories.table.remove(memory);
}

size_t StatefulFunctions::size() const {
  size_t size = 0;
  for (const Memories& memories : memories_) size += memories.table.size();
  return size;
}

void StatefulFunctions::show(size_t count, OpenWindows& out) const {
  for (size_t i = 0; i < memories_.size() && out.size() < count; ++i) {
    const Stateful& function = plan_.query.stateful[i];
    std::vector<std::string> names;
    for (const Expression& key : function.over) names.push_back(print(key, plan_.query));
    if (names.empty()) names.emplace_back("source");
    const std::string text = print(function, plan_.query);
    for (const Memory* memory = memories_[i].table.oldest(); memory && out.size() < count;
         memory = memory->newer) {
      OpenWindow& one = out.emplace_back();
      one.group = key_json(std::string_view(memory->key).substr(1), names);
      one.function = text;
    }
  }
}

void StatefulFunctions::save(const Computation::Put& put) {
  const auto entry = [](uint64_t id) {
    std::string key = "s";
    pack_varint(key, id);
    return key;
  };
  for (Memories& memories : memories_) {
    memories.table.save(
        [&](const Memory& memory) {
          std::string bytes;
          save_memory(memory, bytes);
          put(entry(memory.id), std::move(bytes));
        },
        [&](uint64_t gone) { put(entry(gone), std::nullopt); });
  }
}

bool StatefulFunctions::load(std::string_view key, std::string_view bytes) {
  PackedReader name(key.substr(1));
  PackedReader in(bytes);
  auto memory = std::make_unique<Memory>();
  memory->id = name.varint();
  const bool loaded = name.ok() && name.rest().empty() && memory->id < kIdMax && load_memory(*memory, in);
  const bool ours =
      loaded && !memory->key.empty() && static_cast<uint8_t>(memory->key.front()) < values_.size();
  return ours && of(memory->key).table.add(std::move(memory)) != nullptr;
}

void StatefulFunctions::settle() {
  for (Memories& memories : memories_) {
    memories.table.order_by_touch();
    memories.table.for_each([&](Memory& memory) {
      next_id_ = std::max(next_id_, memory.id + 1);
      memory.bytes = memory_bytes(memory);
      memories.bytes += memory.bytes;
      bytes_ += memory.bytes;
    });
  }
}

}  // namespace headgate::routing
