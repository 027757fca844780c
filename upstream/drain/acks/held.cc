#include "upstream/drain/acks/held.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {

void HeldBatches::add(Batch batch, int64_t wall_ms) {
  const uint64_t number = batch.number;
  const Batch& held = batches_.emplace(number, Held{std::move(batch), wall_ms}).first->second.batch;
  if (held.seqs.empty()) return;
  by_last_message_[held.lane].emplace(held.seqs.back(), &held);
  messages_[held.lane] += held.seqs.size();
}

std::optional<Batch> HeldBatches::take(uint64_t number) {
  const auto found = batches_.find(number);
  if (found == batches_.end()) return std::nullopt;
  Batch batch = std::move(found->second.batch);
  batches_.erase(found);
  if (!batch.seqs.empty()) by_last_message_[batch.lane].erase(batch.seqs.back());
  messages_[batch.lane] -= batch.seqs.size();
  return batch;
}

void HeldBatches::drop_above(uint64_t number) {
  while (!batches_.empty() && batches_.rbegin()->first > number) (void)take(batches_.rbegin()->first);
}

bool HeldBatches::declares_gaps() const {
  return std::ranges::any_of(batches_, [](const auto& held) { return !held.second.batch.gaps.empty(); });
}

bool HeldBatches::has(uint8_t lane, store::Seq seq) const {
  const auto found = by_last_message_[lane].lower_bound(seq);
  return found != by_last_message_[lane].end() && std::ranges::binary_search(found->second->seqs, seq);
}

}  // namespace headgate::upstream
