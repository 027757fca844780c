#include "upstream/drain/lane_places.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {

void LanePlaces::split(DrainOrder order) {
  order_ = order;
  boundary_ = newest_;
  last_ = backlog;
  live_at_ms_ = 0;
  start_over();
}

// Whoever has seen nothing yet when the link comes up has started just now: what comes first counts as backlog, too.
void LanePlaces::see(store::Seq newest) {
  newest_ = std::max(newest_, newest);
  if (boundary_ != 0) return;
  boundary_ = after_[live] = newest_;
}

void LanePlaces::start_over() {
  after_[backlog] = 0;
  after_[live] = boundary_;
  backlog_is_over_ = false;
  out_of_turn_.clear();
  chosen_ = backlog;
}

void LanePlaces::choose(store::Seq culprit, core::Now now) {
  turned_ = false;
  chosen_ = backlog;
  if (!is_split()) return;
  const bool is_live = culprit != 0 ? is_beyond(culprit) : backlog_is_over_ || is_turn_of_live(now);
  if (is_live) chosen_ = live;
}

bool LanePlaces::is_turn_of_live(core::Now now) const {
  if (newest_ <= after_[live] || now.mono_ms < live_at_ms_) return false;
  return order_ == DrainOrder::live_first || last_ != live;
}

void LanePlaces::choose_range(store::Seq first, store::Seq last) {
  chosen_ = out_of_turn;
  out_of_turn_end_ = last;
  after_[out_of_turn] = first - 1;
  std::erase_if(out_of_turn_, [](const Range& range) { return range.from == range.to; });
  out_of_turn_.push_back({first - 1, first - 1});
}

bool LanePlaces::turn(core::Now now) {
  if (chosen_ == out_of_turn || !is_split() || std::exchange(turned_, true)) return false;
  if (chosen_ == live) live_at_ms_ = now.mono_ms + linger_ms_;
  chosen_ = chosen_ == backlog ? live : backlog;
  return true;
}

void LanePlaces::take(store::Seq seq) {
  after_[chosen_] = seq;
  if (chosen_ == out_of_turn) out_of_turn_.back().to = seq;
}

bool LanePlaces::ends_before(store::Seq seq) {
  if (chosen_ == out_of_turn) return seq > out_of_turn_end_;
  if (chosen_ != backlog || !is_beyond(seq)) return false;
  backlog_is_over_ = true;
  return true;
}

bool LanePlaces::was_taken(store::Seq seq) const {
  const auto others_end = out_of_turn_.end() - (chosen_ == out_of_turn ? 1 : 0);
  return std::any_of(out_of_turn_.begin(), others_end,
                     [seq](const Range& range) { return range.from < seq && seq <= range.to; });
}

void LanePlaces::on_batch(core::Now now) {
  last_ = chosen_;
  if (chosen_ == live) live_at_ms_ = newest_ > after_[live] ? now.mono_ms : now.mono_ms + linger_ms_;
}

void LanePlaces::go_back(store::Seq first) {
  store::Seq& after = after_[is_beyond(first) ? live : backlog];
  after = std::min(after, first - 1);
  if (!is_beyond(first)) backlog_is_over_ = false;
  for (Range& range : out_of_turn_) {
    if (range.from < first && first <= range.to) range.to = first - 1;
  }
}

}  // namespace headgate::upstream
