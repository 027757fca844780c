#include "upstream/drain/drop_search.h"

#include <algorithm>
#include <utility>

#include "upstream/drain/refusal.h"

namespace headgate::upstream {
namespace {

constexpr int64_t kSuspicionMs = 10000;  // a link that ends this soon after a publish may end for it
constexpr uint32_t kDropsUntilBlamed = 3;

store::Seq first_of(const Batch& batch) { return batch.seqs.empty() ? 0 : batch.seqs.front(); }
store::Seq last_of(const Batch& batch) { return batch.seqs.empty() ? 0 : batch.seqs.back(); }

}  // namespace

std::optional<DropSearch::Refusal> DropSearch::on_drop(const std::list<Batch>& published, bool on_trial,
                                                       const LinkDown& down, core::Now now) {
  quick_next_ = false;
  if (published.empty() || published.back().is_probe) return std::nullopt;
  const bool too_large = down.code == packet_too_large;
  if (!too_large && now.mono_ms - published.back().published_at_ms > kSuspicionMs) {
    end();
    return std::nullopt;
  }
  quick_next_ = true;
  suspect(published);
  if (published.size() > 1) return std::nullopt;  // the next time they travel alone
  if (too_large)
    return Refusal{down.code, "the connection ended with " + describe(down.code) + " when it was sent"};
  if (!is_blamed(published.front(), on_trial)) return std::nullopt;
  return Refusal{implementation_specific_error, "the connection ended each time it was sent: " + down.reason};
}

void DropSearch::suspect(const std::list<Batch>& published) {
  for (const Batch& batch : published) {
    const auto known = std::ranges::find(suspects_, batch.lane, &Suspect::lane);
    if (known == suspects_.end()) {
      suspects_.push_back({batch.lane, last_of(batch)});
    } else {
      known->last = std::max(known->last, last_of(batch));
    }
  }
  lane_.reset();
  if (published.size() == 1) lane_ = published.front().lane;
}

bool DropSearch::is_blamed(const Batch& alone, bool on_trial) {
  Blame& blame = blames_[alone.lane];
  if (std::exchange(blame.first, first_of(alone)) != first_of(alone)) blame.times = 0;
  if (++blame.times < kDropsUntilBlamed && !on_trial) return false;
  blame.times = 0;
  return true;
}

std::optional<int64_t> DropSearch::quick_wait_ms(uint64_t random) {
  if (!std::exchange(quick_next_, false) || quick_left_ == 0) return std::nullopt;
  --quick_left_;
  const int64_t low_ms = base_ms_ / 4;
  return low_ms + static_cast<int64_t>(random % static_cast<uint64_t>(low_ms + 1));
}

void DropSearch::on_accepted(const Batch& batch, int64_t up_ms) {
  std::erase_if(suspects_, [&](const Suspect& known) {
    return known.lane == batch.lane && first_of(batch) <= known.last && known.last <= last_of(batch);
  });
  if (suspects_.empty()) end();
  if (up_ms < kStableMs) return;
  end();
  quick_left_ = kQuickMax;
}

void DropSearch::on_culprit_gone() {
  end();
  quick_left_ = kQuickMax;
}

void DropSearch::give_up() {
  end();
  quick_left_ = 0;
}

void DropSearch::end() {
  suspects_.clear();
  lane_.reset();
  blames_.fill({});
}

}  // namespace headgate::upstream
