// How deep the values of a JSON text lie within one another, seen without a tree of them: who builds one that is deeper, and walks it by
// recursion, runs out of stack.
#pragma once

#include <cstddef>
#include <string_view>

namespace headgate::core {

inline constexpr size_t kJsonNestingMax = 64;

// False if more than `levels_max` arrays and objects of `json` are open at a time. A text that is no JSON is looked at all the same.
[[nodiscard]] bool is_nested_within(std::string_view json, size_t levels_max = kJsonNestingMax);

}  // namespace headgate::core
