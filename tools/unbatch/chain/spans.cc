#include "tools/unbatch/chain/spans.h"

#include <algorithm>

namespace headgate::tools {

bool holds(const std::vector<Span>& spans, uint64_t number) {
  return std::ranges::any_of(spans, [number](const Span& span) { return span.holds(number); });
}

std::vector<Span> joined(std::vector<Span> spans) {
  std::ranges::sort(spans, {}, &Span::first);
  std::vector<Span> out;
  for (const Span& span : spans) {
    if (!out.empty() && (out.back().last == kOpen || span.first <= out.back().last + 1))
      out.back().last = std::max(out.back().last, span.last);
    else
      out.push_back(span);
  }
  return out;
}

std::vector<Span> without(Span span, const std::vector<Span>& known) {
  std::vector<Span> parts;
  uint64_t next = span.first;
  auto each = std::ranges::lower_bound(known, span.first, {}, &Span::last);
  for (; each != known.end() && each->first <= span.last; ++each) {
    if (each->first > next) parts.push_back({next, each->first - 1});
    if (each->last >= span.last) return parts;
    next = each->last + 1;
  }
  if (next <= span.last) parts.push_back({next, span.last});
  return parts;
}

}  // namespace headgate::tools
