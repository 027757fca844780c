// Aggregates of one pane or window: one accumulator for each of the query's.
#pragma once

#include <string>
#include <vector>

#include "routing/compute/aggregates/accumulator.h"
#include "routing/compute/aggregates/packed.h"
#include "routing/language/query.h"

namespace headgate::routing {

using Sums = std::vector<Accumulator>;

[[nodiscard]] Sums empty_sums(const Query& query);
// `other` is of the same query.
void merge_sums(Sums& sums, const Sums& other);
[[nodiscard]] size_t sums_bytes(const Sums& sums);
[[nodiscard]] size_t sums_bytes_max(const Query& query);

void save_sums(const Sums& sums, std::string& out);
// Into empty ones of the same query. False: written by another.
[[nodiscard]] bool load_sums(Sums& sums, PackedReader& in);

}  // namespace headgate::routing
