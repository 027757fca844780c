#include "routing/compute/windows/panes.h"

#include <algorithm>

namespace headgate::routing {
namespace {

constexpr unsigned kLevelsMax = 12;      // 4^12 panes of a millisecond are four and a half hours
constexpr size_t kGoneBeforeShift = 32;  // empty places in front before the others move up
constexpr size_t kNodeBytes = 80;        // of a merged pane that is kept, beside its sums
constexpr size_t kPackedBytes = 24;      // of an aggregate that has nothing on the heap, packed

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

size_t Panes::open_from(int64_t at) const {
  const auto begin = panes_.begin() + static_cast<std::ptrdiff_t>(gone_);
  if (begin != panes_.end() && panes_.back().at < at) return panes_.size() - gone_;
  const auto found = std::lower_bound(begin, panes_.end(), at,
                                      [](const Pane& pane, int64_t wanted) { return pane.at < wanted; });
  return static_cast<size_t>(found - begin);
}

size_t Panes::first_from(int64_t at) const {
  const size_t packed = packed_.first_from(at);
  return packed < packed_.size() ? packed : packed + open_from(at);
}

int64_t Panes::at(size_t index) const {
  const size_t packed = packed_.size();
  return index < packed ? packed_.at(index) : panes_[gone_ + index - packed].at;
}

Pane* Panes::find(int64_t at) {
  if (panes_.size() > gone_ && panes_.back().at == at) return &panes_.back();
  const size_t index = gone_ + open_from(at);
  return index < panes_.size() && panes_[index].at == at ? &panes_[index] : nullptr;
}

bool Panes::has(int64_t at) { return packed_.find(at) || find(at); }

bool Panes::is_stored(int64_t at) {
  if (const auto item = packed_.find(at)) return item->stored;
  const Pane* pane = find(at);
  return pane && pane->stored;
}

Pane& Panes::find_or_add(int64_t at, const Sums& sums) {
  if (Pane* found = find(at)) return *found;
  const size_t index = open_from(at);
  // The last pane is stored with its group; one that no longer is the last is stored by itself.
  if (gone_ + index == panes_.size() && index > 0) change(panes_.back());
  Pane pane;
  pane.at = at;
  pane.sums = sums;
  return *panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(gone_ + index), std::move(pane));
}

Pane& Panes::unpack_or_add(int64_t at, const Sums& sums) {
  if (panes_.empty() || at >= panes_.back().at) {
    Pane& last = find_or_add(at, sums);
    if (panes_.size() == 1) return last;
    pack();
    return panes_.back();
  }
  if (const auto item = packed_.find(at)) {
    unpacked_ = unpacked(*item);
  } else {
    unpacked_ = std::make_unique<Pane>();
    unpacked_->at = at;
    unpacked_->sums = sums;
  }
  return *unpacked_;
}

std::unique_ptr<Pane> Panes::unpacked(const PackedPanes::Item& item) const {
  auto pane = std::make_unique<Pane>();
  pane->at = item.at;
  pane->changed = item.changed;
  pane->stored = item.stored;
  pane->sums = panes_.back().sums;
  PackedReader in(item.sums);
  (void)load_sums(pane->sums, in);  // save_sums() wrote it
  return pane;
}

void Panes::pack_one(const Pane& pane) {
  std::string sums;
  save_sums(pane.sums, sums);
  packed_.put({pane.at, pane.changed, pane.stored, sums});
}

void Panes::pack() {
  if (panes_.empty()) return;
  for (size_t i = gone_; i + 1 < panes_.size(); ++i) {
    bytes_ -= panes_[i].bytes;
    pack_one(panes_[i]);
  }
  panes_.erase(panes_.begin(), panes_.end() - 1);
  gone_ = 0;
}

bool Panes::load(Pane pane) {
  if (has(pane.at)) return false;
  const size_t index = open_from(pane.at);
  pane.bytes = static_cast<uint32_t>(sizeof(Pane) + sums_bytes(pane.sums));
  bytes_ += pane.bytes;
  panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(gone_ + index), std::move(pane));
  return true;
}

void Panes::change(Pane& pane) {
  if (kept_) forget_merges_with(pane.at);
  if (!std::exchange(pane.changed, true)) changed_.push_back(pane.at);
  if (&pane == unpacked_.get()) {
    pack_one(pane);
    unpacked_.reset();
    return;
  }
  const auto bytes = static_cast<uint32_t>(sizeof(Pane) + sums_bytes(pane.sums));
  bytes_ = bytes_ + bytes - pane.bytes;
  pane.bytes = bytes;
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
  if (!packed_.empty()) {
    const int64_t at = packed_.at(0);
    if (kept_) forget_merges_with(at);
    if (packed_.find(at)->stored) removed_.push_back(at);
    packed_.remove_first();
    return;
  }
  note_removed(panes_[gone_]);
  panes_[gone_] = Pane();
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

// ---- merges ----

// Where panes are packed, nodes of four would take more than the panes do.
bool Panes::is_kept(unsigned level) const { return level > (packed_.empty() ? 0 : 1); }

// Without packed panes a third of them: a fourth, a sixteenth, and so on. Else a twelfth.
size_t Panes::kept_bytes_max() const {
  if (packed_.empty()) return bytes_ / 3;
  const size_t aggregates = panes_.back().sums.size();
  const size_t small = packed_.size() * aggregates * kPackedBytes;
  const size_t large = packed_.sums_bytes() - std::min(packed_.sums_bytes(), small);
  return packed_.size() / 12 * (kNodeBytes + aggregates * sizeof(Accumulator)) + large / 3;
}

uint64_t Panes::bytes_max(uint64_t panes, size_t aggregates, uint64_t sums_bytes, bool packs) {
  const bool merges = panes > kMergedDirectly;
  const uint64_t last = sizeof(Pane) + sums_bytes;
  if (!packs) return panes * last * (merges ? 4 : 3) / 3;
  const uint64_t packed = PackedPanes::kItemBytes + sums_bytes;
  const uint64_t small = aggregates * sizeof(Accumulator);
  const uint64_t kept = panes / 12 * (kNodeBytes + small) + panes * (sums_bytes - small) / 3;
  return last + panes * packed + (merges ? kept : 0);
}

// Keeps no more than there is room for: the rest is merged again the next time.
void Panes::keep(unsigned level, int64_t at, Sums node) {
  const size_t bytes = kNodeBytes + sums_bytes(node);
  if (kept_->bytes + bytes > kept_bytes_max()) return;
  kept_->bytes += bytes;
  kept_->until = std::max(kept_->until, at + panes_of(level));
  kept_->nodes.emplace(node_key(level, at), std::move(node));
}

void Panes::forget_merges_with(int64_t at) {
  if (at >= kept_->until) return;
  for (unsigned level = 1; level <= kLevelsMax; ++level) {
    const auto node = kept_->nodes.find(node_key(level, aligned(at, level)));
    if (node == kept_->nodes.end()) continue;
    kept_->bytes -= kNodeBytes + sums_bytes(node->second);
    kept_->nodes.erase(node);
  }
}

// Calls visit(const Sums&) for the panes in [from, to) until it returns false; packed ones are unpacked into `part`.
template <typename Visit>
void Panes::visit_sums(int64_t from, int64_t to, Sums& part, const Visit& visit) const {
  bool more = true;
  packed_.visit(from, to, [&](const PackedPanes::Item& item) {
    if (part.size() != panes_.back().sums.size()) part = panes_.back().sums;
    PackedReader in(item.sums);
    (void)load_sums(part, in);
    return more = visit(part);
  });
  for (size_t i = gone_ + open_from(from); more && i < panes_.size() && panes_[i].at < to; ++i)
    more = visit(panes_[i].sums);
}

// At most `most`.
size_t Panes::count(int64_t from, int64_t to, size_t most) const {
  size_t count = 0;
  packed_.visit(from, to, [&](const PackedPanes::Item&) { return ++count < most; });
  for (size_t i = gone_ + open_from(from); count < most && i < panes_.size() && panes_[i].at < to; ++i)
    ++count;
  return count;
}

void Panes::merge_linear(int64_t from, int64_t to, Sums& part, Sums& merged, bool& any) const {
  visit_sums(from, to, part, [&](const Sums& sums) {
    add_part(merged, sums, any);
    return true;
  });
}

void Panes::merge_node(unsigned level, int64_t at, Sums& part, Sums& merged, bool& any) {
  const auto known = kept_->nodes.find(node_key(level, at));
  if (known != kept_->nodes.end()) return add_part(merged, known->second, any);
  const int64_t end = at + panes_of(level);
  if (level == 0 || count(at, end, 3) < 3) return merge_linear(at, end, part, merged, any);
  Sums node;
  bool filled = false;
  if (level == 1) {
    merge_linear(at, end, part, node, filled);
  } else {
    for (int64_t from = at; from < end; from += panes_of(level - 1))
      merge_node(level - 1, from, part, node, filled);
  }
  add_part(merged, node, any);
  if (is_kept(level)) keep(level, at, std::move(node));
}

const Sums* Panes::merge(int64_t from, int64_t to, Merging& merging) {
  const size_t panes = count(from, to, kMergedDirectly + 1);
  if (panes == 0) return nullptr;
  const size_t open = gone_ + open_from(from);
  if (panes == 1 && open < panes_.size() && panes_[open].at < to) return &panes_[open].sums;
  bool any = false;
  if (panes <= kMergedDirectly) {
    merge_linear(from, to, merging.part, merging.merged, any);
    return &merging.merged;
  }
  if (!kept_) kept_ = std::make_unique<Kept>();
  for (int64_t at = from; at < to;) {
    const unsigned level = widest_level(at, to);
    merge_node(level, at, merging.part, merging.merged, any);
    at += panes_of(level);
  }
  return &merging.merged;
}

}  // namespace headgate::routing
