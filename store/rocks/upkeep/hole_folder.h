// Keeps the memory of a lane constant where entries end out of order: what expires behind the head, what a
// full queue is thinned of. Each leaves a *hole*, a finished range above the head. When there are too many,
// the rows round them are written again without what ended (a *fold*), and once that is on the disk the ranges
// are forgotten.
//
// A lane has the seqs 5, 9, 12, 20, 23 in two rows, and 9, 12, 20 have expired:
//
//   row (0, 9]: 5 9       row (9, 23]: 12 20 23       head 0, one hole (5, 20]
//
// The fold leaves 9 out of the first row and 12 and 20 out of the second. The seqs behind the last entry still
// belong to the first, so that its key and its neighbour stay; the second has one entry, whose tile reaches
// over what went:
//
//   row (0, 9]: 5         row (9, 23]: 23             head 0, no hole
//
// Had the hole covered a whole row in between, that row is deleted already, and the row behind follows the row
// before it. A reader that looks for what comes after 5 finds 23 by either form of the rows, so it does not
// matter which of them a crash leaves. On the loop.
#pragma once

#include <map>

#include "core/result.h"
#include "store/accounts/lane.h"
#include "store/format/group.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class HoleFolder {
 public:
  HoleFolder(Running& store, Committer& committer, Books& books, Finisher& finisher)
      : store_(store), committer_(committer), books_(books), finisher_(finisher) {}

  // Before the group is written: folds what it can of the lanes that Finisher has noted.
  void complete(Group& group);

  // The fold is on the disk: forgets its ranges. Rows of the lane that were read before may be old ones.
  void settle(const Fold& fold);

 private:
  core::Status fold_lane(LaneId id, Lane& lane, Group& group);
  core::Result<bool> fold_range(LaneId id, Lane& lane, Seq from, Seq to, std::map<Seq, IndexRow>& rows);

  Running& store_;
  Committer& committer_;
  Books& books_;
  Finisher& finisher_;
};

}  // namespace headgate::store
