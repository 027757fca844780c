#include "store/accounts/lane.h"

#include <algorithm>
#include <utility>

namespace headgate::store {

Seq LaneProgress::add(Seq seq) { return std::exchange(last_, seq); }

void LaneProgress::finish(Seq previous, Seq seq) {
  if (seq <= head_) return;
  if (previous > head_) {
    above_.add(previous, seq);
    return;
  }
  head_ = seq;
  absorb();
}

void LaneProgress::finish_all() {
  head_ = last_;
  above_.clear();
}

bool LaneProgress::passed(Seq from, Seq to) const {
  return to <= head_ || above_.covers(std::max(from, head_), to);
}

Seq LaneProgress::skip_finished(Seq after) const { return above_.end_after(std::max(after, head_)); }

LaneProgress LaneProgress::restore(Seq head, Seq last, SeqRanges above) {
  LaneProgress progress;
  progress.head_ = head;
  progress.last_ = last;
  progress.above_ = std::move(above);
  return progress;
}

Oldest first_waiting(const IndexRow& row, size_t position, const Lane& lane) {
  for (; position < row.entries.size(); ++position) {
    const RowEntry& entry = row.entries[position];
    if (!lane.progress.finished(entry.seq)) return {entry.seq, entry.arrived_ms, entry.expires_ms};
  }
  return {};
}

void LaneProgress::absorb() {
  while (!above_.ranges().empty() && above_.ranges().begin()->first <= head_) {
    head_ = std::max(head_, above_.ranges().begin()->second);
    above_.pop_front();
  }
}

}  // namespace headgate::store
