#include "store/accounts/expiry_map.h"

#include <algorithm>

namespace headgate::store {

void ExpiryMap::add(const Stretch& row) {
  if (row.due_ms == kNever) return;
  if (!stretches_.empty()) {
    Stretch& newest = stretches_.back();
    const Seq span_max = std::max(kSpanMin, (row.to - stretches_.front().from) / (kStretchesMax / 2));
    if (row.to - newest.from <= span_max) {
      newest.to = row.to;
      newest.due_ms = std::min(newest.due_ms, row.due_ms);
      return;
    }
  }
  stretches_.push_back(row);
  if (stretches_.size() > kStretchesMax) join_shortest();
}

void ExpiryMap::forget_up_to(Seq head) {
  const auto kept = std::ranges::upper_bound(stretches_, head, {}, &Stretch::to);
  stretches_.erase(stretches_.begin(), kept);
  if (!stretches_.empty()) stretches_.front().from = std::max(stretches_.front().from, head);
}

int64_t ExpiryMap::due_ms() const {
  int64_t due = kNever;
  for (const Stretch& stretch : stretches_) due = std::min(due, stretch.due_ms);
  return due;
}

std::optional<Stretch> ExpiryMap::next_due(int64_t now_ms) const {
  const auto is_due = [now_ms](const Stretch& stretch) { return stretch.due_ms <= now_ms; };
  const auto onward = std::ranges::lower_bound(stretches_, looked_up_to_, {}, &Stretch::from);
  auto found = std::find_if(onward, stretches_.end(), is_due);
  if (found == stretches_.end()) found = std::find_if(stretches_.begin(), onward, is_due);
  if (found == stretches_.end() || !is_due(*found)) return std::nullopt;
  return *found;
}

void ExpiryMap::looked_at(const Stretch& stretch, Seq up_to, int64_t due_ms) {
  looked_up_to_ = up_to;
  auto it = std::ranges::find(stretches_, stretch.from, &Stretch::from);
  if (it == stretches_.end()) return;
  if (up_to < it->to) {
    it->from = up_to;
    it = stretches_.insert(it, {stretch.from, up_to, due_ms});
  }
  it->due_ms = due_ms;
  if (due_ms == kNever) stretches_.erase(it);
  if (stretches_.size() > kStretchesMax) join_shortest();
}

// Keeps the stretch that is looked at next apart: joined with the one before, all of it would be due again.
void ExpiryMap::join_shortest() {
  const auto is_next = [this](const Stretch& stretch) { return stretch.from == looked_up_to_; };
  auto best = stretches_.end();
  for (auto it = stretches_.begin(); it + 1 != stretches_.end(); ++it) {
    if (is_next(*it) || is_next(*(it + 1))) continue;
    if (best == stretches_.end() || (it + 1)->to - it->from < (best + 1)->to - best->from) best = it;
  }
  const Stretch next = *(best + 1);
  best->to = next.to;
  best->due_ms = std::min(best->due_ms, next.due_ms);
  stretches_.erase(best + 1);
}

}  // namespace headgate::store
