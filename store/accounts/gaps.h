// Losses of a queue that the far side does not know yet: a short list, however many entries were lost.
#pragma once

#include <cstdint>
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
  explicit GapList(std::vector<Gap> gaps) : gaps_(std::move(gaps)) {}

  // Records `gap`. `previous` is the seq of the entry before gap.from in its lane (0: none): a gap with the
  // same reason that reaches it is continued, whatever seqs of other queues lie between.
  void add(Seq previous, const Gap& gap);

  // Forgets gaps whose `to` is ≤ `up_to`.
  void drop(Seq up_to);

  [[nodiscard]] const std::vector<Gap>& list() const { return gaps_; }

 private:
  void shorten();

  std::vector<Gap> gaps_;
};

}  // namespace headgate::store
