#include "routing/compute/recall/memory.h"

namespace headgate::routing {
namespace {

constexpr size_t kTableBytes = 160;  // of both indices
constexpr size_t kValuesMax = 100;   // of lag

}  // namespace

size_t memory_bytes(const Memory& memory) {
  size_t bytes = sizeof(Memory) + kTableBytes + memory.key.size() + memory.last.size();
  for (const KeptValue& value : memory.values) bytes += sizeof value + value.heap_bytes();
  return bytes;
}

void save_memory(const Memory& memory, std::string& out) {
  pack_varint(out, memory.touched);
  pack_text(out, memory.key);
  pack_signed(out, memory.since_ms);
  pack_byte(out, memory.truth ? 1 : 0);
  pack_text(out, memory.last);
  pack_varint(out, memory.values.size());
  for (const KeptValue& value : memory.values) value.save(out);
}

bool load_memory(Memory& memory, PackedReader& in) {
  memory.touched = in.varint();
  memory.key = std::string(in.text());
  memory.since_ms = in.signed_varint();
  memory.truth = in.byte() != 0;
  memory.last = std::string(in.text());
  const uint64_t values = in.varint();
  if (values > kValuesMax) return false;
  memory.values.resize(values);
  for (KeptValue& value : memory.values) {
    if (!value.load(in)) return false;
  }
  memory.stored = true;
  constexpr int64_t kFarthestMs = int64_t{1} << 56;
  return in.ok() && in.rest().empty() && memory.since_ms > -kFarthestMs && memory.since_ms < kFarthestMs;
}

}  // namespace headgate::routing
