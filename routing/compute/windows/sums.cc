#include "routing/compute/windows/sums.h"

#include <algorithm>

namespace headgate::routing {

Sums empty_sums(const Query& query) {
  Sums sums;
  sums.reserve(query.aggregates.size());
  for (const Aggregate& aggregate : query.aggregates) sums.push_back(Accumulator::of(aggregate));
  return sums;
}

void merge_sums(Sums& sums, const Sums& other) {
  const size_t count = std::min(sums.size(), other.size());
  for (size_t i = 0; i < count; ++i) sums[i].merge(other[i]);
}

size_t sums_bytes(const Sums& sums) {
  size_t bytes = 0;
  for (const Accumulator& sum : sums) bytes += sum.bytes();
  return bytes;
}

size_t sums_bytes_max(const Query& query) {
  size_t bytes = 0;
  for (const Aggregate& aggregate : query.aggregates) bytes += Accumulator::of(aggregate).bytes_max();
  return bytes;
}

void save_sums(const Sums& sums, std::string& out) {
  for (const Accumulator& sum : sums) sum.save(out);
}

bool load_sums(Sums& sums, PackedReader& in) {
  for (Accumulator& sum : sums) {
    std::string_view rest = in.rest();
    const size_t before = rest.size();
    if (!in.ok() || !sum.load(rest)) return false;
    (void)in.bytes(before - rest.size());
  }
  return in.ok();
}

}  // namespace headgate::routing
