#include "routing/compute/windows/panes.h"

#include <algorithm>

namespace headgate::routing {
namespace {

constexpr unsigned kLevelsMax = 12;      // 4^12 panes of a millisecond are four and a half hours
constexpr size_t kGoneBeforeShift = 32;  // empty places in front before the others move up

int64_t panes_of(unsigned level) { return int64_t{1} << (2 * level); }

int64_t aligned(int64_t at, unsigned level) { return at & ~(panes_of(level) - 1); }

uint64_t node_key(unsigned level, int64_t at) { return (static_cast<uint64_t>(at) << 4) | level; }

// Makes `merged` the first part, or adds a further one.
void add_part(Sums& merged, const Sums& part, bool& any) {
  if (any)
    merge_sums(merged, part);
  else
    merged = part;
  any = true;
}

// The largest node that begins at `at` and ends by `to`.
unsigned widest_level(int64_t at, int64_t to) {
  unsigned level = 0;
  while (level < kLevelsMax && aligned(at, level + 1) == at && at + panes_of(level + 1) <= to) ++level;
  return level;
}

}  // namespace

size_t Panes::first_from(int64_t at) const {
  const auto begin = panes_.begin() + static_cast<std::ptrdiff_t>(gone_);
  if (begin != panes_.end() && panes_.back().at < at) return size();
  const auto found = std::lower_bound(begin, panes_.end(), at,
                                      [](const Pane& pane, int64_t wanted) { return pane.at < wanted; });
  return static_cast<size_t>(found - begin);
}

Pane* Panes::find(int64_t at) {
  if (!empty() && panes_.back().at == at) return &panes_.back();
  const size_t index = first_from(at);
  return index < size() && (*this)[index].at == at ? &(*this)[index] : nullptr;
}

Pane& Panes::find_or_add(int64_t at, const Sums& sums) {
  if (Pane* found = find(at)) return *found;
  const size_t index = first_from(at);
  // The last pane is stored with its group; one that no longer is the last is stored by itself.
  if (index == size() && index > 0) change(panes_.back());
  Pane pane;
  pane.at = at;
  pane.sums = sums;
  return *panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(gone_ + index), std::move(pane));
}

bool Panes::load(Pane pane) {
  if (find(pane.at)) return false;
  const size_t index = first_from(pane.at);
  pane.bytes = static_cast<uint32_t>(sizeof(Pane) + sums_bytes(pane.sums));
  bytes_ += pane.bytes;
  panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(gone_ + index), std::move(pane));
  return true;
}

void Panes::change(Pane& pane) {
  if (kept_) forget_merges_with(pane.at);
  const auto bytes = static_cast<uint32_t>(sizeof(Pane) + sums_bytes(pane.sums));
  bytes_ = bytes_ + bytes - pane.bytes;
  pane.bytes = bytes;
  if (std::exchange(pane.changed, true)) return;
  changed_.push_back(pane.at);
}

void Panes::note_removed(const Pane& pane) {
  if (kept_) forget_merges_with(pane.at);
  if (pane.stored) removed_.push_back(pane.at);
  bytes_ -= pane.bytes;
}

void Panes::move_start(Pane& pane, int64_t at) {
  note_removed(pane);
  pane.at = at;
  pane.bytes = 0;
  pane.stored = false;
  pane.changed = false;
  change(pane);
}

void Panes::remove_first() {
  note_removed((*this)[0]);
  (*this)[0] = Pane();
  ++gone_;
  if (gone_ == panes_.size() || (gone_ >= kGoneBeforeShift && gone_ * 2 >= panes_.size())) {
    panes_.erase(panes_.begin(), panes_.begin() + static_cast<std::ptrdiff_t>(gone_));
    gone_ = 0;
  }
}

void Panes::remove(size_t index) {
  if (index == 0) return remove_first();
  note_removed((*this)[index]);
  panes_.erase(panes_.begin() + static_cast<std::ptrdiff_t>(gone_ + index));
}

void Panes::forget_merges_with(int64_t at) {
  if (at >= kept_->until) return;
  for (unsigned level = 1; level <= kLevelsMax; ++level)
    kept_->nodes.erase(node_key(level, aligned(at, level)));
}

void Panes::merge_linear(size_t first, size_t last, Sums& merged, bool& any) const {
  for (size_t i = first; i < last; ++i) add_part(merged, (*this)[i].sums, any);
}

void Panes::merge_node(unsigned level, int64_t at, Sums& merged, bool& any) {
  const size_t first = first_from(at);
  const size_t last = first_from(at + panes_of(level));
  if (last - first < 3) return merge_linear(first, last, merged, any);
  const auto known = kept_->nodes.find(node_key(level, at));
  if (known != kept_->nodes.end()) return add_part(merged, known->second, any);
  Sums node;
  bool filled = false;
  for (int64_t part = 0; part < 4; ++part)
    merge_node(level - 1, at + part * panes_of(level - 1), node, filled);
  add_part(merged, node, any);
  kept_->until = std::max(kept_->until, at + panes_of(level));
  kept_->nodes.emplace(node_key(level, at), std::move(node));
}

const Sums* Panes::merge(int64_t from, int64_t to, Sums& merged) {
  const size_t first = first_from(from);
  const size_t last = first_from(to);
  if (first >= last) return nullptr;
  if (last - first == 1) return &(*this)[first].sums;
  bool any = false;
  if (last - first <= kMergedDirectly) {
    merge_linear(first, last, merged, any);
    return &merged;
  }
  if (!kept_) kept_ = std::make_unique<Kept>();
  for (int64_t at = from; at < to;) {
    const unsigned level = widest_level(at, to);
    merge_node(level, at, merged, any);
    at += panes_of(level);
  }
  return &merged;
}

}  // namespace headgate::routing
