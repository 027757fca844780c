#include "store/accounts/seq_ranges.h"

#include <algorithm>
#include <iterator>

namespace headgate::store {

void SeqRanges::add(Seq from, Seq to) {
  auto it = ends_.upper_bound(from);
  if (it != ends_.begin() && std::prev(it)->second >= from) {
    --it;
    from = it->first;
  }
  while (it != ends_.end() && it->first <= to) {
    to = std::max(to, it->second);
    it = ends_.erase(it);
  }
  ends_.emplace_hint(it, from, to);
}

void SeqRanges::erase(Seq from, Seq to) {
  if (const auto it = ends_.find(from); it != ends_.end() && it->second == to) ends_.erase(it);
}

Seq SeqRanges::end_after(Seq after) const {
  if (ends_.empty()) return after;
  const auto it = ends_.upper_bound(after);
  if (it == ends_.begin()) return after;
  return std::max(after, std::prev(it)->second);
}

}  // namespace headgate::store
