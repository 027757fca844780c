// Reads columns of integers (docs/batch-format.md, "Integers").
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <vector>

#include "tools/unbatch/columns/input.h"

namespace headgate::tools::columns {

struct IntegerPlan {
  int low_bits = -1;
  int order = 0;
  std::optional<size_t> group;  // the column of the same shape whose texts make groups
  int64_t first = 0;
  std::vector<int64_t> bases;
};

[[nodiscard]] std::optional<IntegerPlan> integer_plan(const nlohmann::json& json);

// `groups`: the number of each row's group, by first appearance; empty where the plan has none. None if the input is too
// short or has more groups than the plan.
[[nodiscard]] std::optional<std::vector<int64_t>> read_integers(const IntegerPlan& plan, size_t rows,
                                                                std::span<const uint32_t> groups,
                                                                Input& input);

}  // namespace headgate::tools::columns
