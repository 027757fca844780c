// A set of seqs as few half-open ranges.
#pragma once

#include <map>

#include "store/queue_store.h"

namespace headgate::store {

// Ranges (from, to]: `from` is not in the range, `to` is. Ranges that touch are joined, so the set stays as
// small as the number of holes between them.
class SeqRanges {
 public:
  // Requires from < to.
  void add(Seq from, Seq to);

  // True if all of (from, to] is in the set. Requires from < to.
  [[nodiscard]] bool covers(Seq from, Seq to) const { return end_after(from) >= to; }
  [[nodiscard]] bool contains(Seq seq) const { return covers(seq - 1, seq); }

  // The end of the range that holds after + 1; `after` itself if there is none.
  [[nodiscard]] Seq end_after(Seq after) const;

  [[nodiscard]] const std::map<Seq, Seq>& ranges() const { return ends_; }
  void clear() { ends_.clear(); }
  void pop_front() { ends_.erase(ends_.begin()); }
  // Takes the range out if the set has exactly this one.
  void erase(Seq from, Seq to);

 private:
  std::map<Seq, Seq> ends_;  // from -> to
};

}  // namespace headgate::store
