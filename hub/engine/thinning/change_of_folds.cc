#include "hub/engine/thinning/change_of_folds.h"

#include <algorithm>
#include <span>

namespace headgate::hub {

bool ChangeOfFolds::add(const Fold& fold) {
  if (!ends_.empty() && ends_.size() + fold.entries().size() > kEndsMax) return false;
  core::MessagePtr row = fold.row();
  if (!row) return true;
  for (const store::Seq seq : fold.entries()) {
    store::End& end = ends_.emplace_back();
    end.queue = queue_;
    end.lane = lane_;
    end.seq = seq;
    end.outcome = store::Outcome::dropped;
    end.required = true;
    end.folded = true;
  }
  rows_.push_back({std::move(row), {queue_, lane_, fold.expires_ms(), fold.tag()}});
  bytes_ += fold.bytes();
  return true;
}

// In the order of the lane, so that each row of the store's index is read once.
core::Status ChangeOfFolds::commit(store::QueueStore& store) {
  std::ranges::sort(ends_, {}, &store::End::seq);
  std::vector<store::Append> appends;
  for (const Row& row : rows_) {
    store::Append& append = appends.emplace_back();
    append.message = row.message;
    append.targets = std::span(&row.target, 1);
    append.from_consumer = true;
  }
  const store::Folded folded{queue_, after_ + 1, ends_.back().seq, ends_.size()};
  store::Change change;
  change.ends = ends_;
  change.appends = appends;
  change.folded = std::span(&folded, 1);
  const auto done = store.commit(change);
  return done ? core::Status() : core::fail(done.error());
}

}  // namespace headgate::hub
