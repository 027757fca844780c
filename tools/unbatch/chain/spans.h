// Sets of numbers or ids as spans, inclusive at both ends. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace headgate::tools {

struct Span {
  uint64_t first = 0;
  uint64_t last = 0;

  [[nodiscard]] bool holds(uint64_t number) const { return first <= number && number <= last; }
  friend bool operator==(const Span&, const Span&) = default;
};

// The last number of a span whose end nobody knows.
inline constexpr uint64_t kOpen = UINT64_MAX;

[[nodiscard]] bool holds(const std::vector<Span>& spans, uint64_t number);
// Sorted, and joined where they touch.
[[nodiscard]] std::vector<Span> joined(std::vector<Span> spans);
// Parts of `span` that none of `known`, which is joined, holds.
[[nodiscard]] std::vector<Span> without(Span span, const std::vector<Span>& known);

}  // namespace headgate::tools
