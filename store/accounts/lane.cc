#include "store/accounts/lane.h"

#include <algorithm>
#include <utility>

namespace headgate::store {

Seq LaneProgress::add(Seq seq) { return std::exchange(last_, seq); }

void LaneProgress::finish(Seq previous, Seq seq) {
  if (seq <= checkpoint_) return;
  if (previous > checkpoint_) {
    above_.add(previous, seq);
    return;
  }
  checkpoint_ = seq;
  absorb();
}

void LaneProgress::finish_all() {
  checkpoint_ = last_;
  above_.clear();
}

bool LaneProgress::passed(Seq from, Seq to) const {
  return to <= checkpoint_ || above_.covers(std::max(from, checkpoint_), to);
}

Seq LaneProgress::skip_finished(Seq after) const { return above_.end_after(std::max(after, checkpoint_)); }

LaneProgress LaneProgress::restore(Seq checkpoint, Seq last, SeqRanges above) {
  LaneProgress progress;
  progress.checkpoint_ = checkpoint;
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
  while (!above_.ranges().empty() && above_.ranges().begin()->first <= checkpoint_) {
    checkpoint_ = std::max(checkpoint_, above_.ranges().begin()->second);
    above_.pop_front();
  }
}

}  // namespace headgate::store
