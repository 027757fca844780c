// Losses of a queue that the far side does not know yet: a short list, however many entries were lost.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "store/queue_store.h"

namespace headgate::store {

// Kept sorted by `from`. Gaps with different reasons may overlap, since lanes of a queue interleave.
class GapList {
 public:
  // Above this, the two nearest gaps are joined even though entries between them were not lost (their
  // `count` stays exact) or, when no two neighbours share a reason, are joined under the later reason.
  static constexpr size_t kMax = 1024;

  GapList() = default;
  // They may have been told.
  explicit GapList(std::vector<Gap> gaps) : gaps_(std::move(gaps)) { mark_told(); }

  // Records `gap`. `previous` is the seq of the entry before gap.from in its lane (0: none): a gap with the
  // same reason that reaches it is continued, whatever seqs of other queues lie between.
  void add(Seq previous, const Gap& gap);

  // The far side may know those that are there, each by its beginning and reason: it counts the last that it hears of one.
  // So they keep them, for as long as there is room in the list, and no two of them are joined.
  void mark_told();

  // Forgets gaps whose `to` is ≤ `up_to`.
  void drop(Seq up_to);

  [[nodiscard]] const std::vector<Gap>& list() const { return gaps_; }

 private:
  using Name = std::tuple<Seq, Outcome, bool>;

  static Name name_of(const Gap& gap) { return {gap.from, gap.why, gap.goes_on()}; }
  [[nodiscard]] bool is_told(const Gap& gap) const { return told_.contains(name_of(gap)); }
  void shorten();

  std::vector<Gap> gaps_;
  std::set<Name> told_;
};

}  // namespace headgate::store
