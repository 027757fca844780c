#include "hub/observe/recorder/step_log.h"

#include <algorithm>

namespace headgate::hub {
namespace {

constexpr int64_t kJoinedMs = 1000;

size_t slot_of(const Step& step) {
  const auto kind = static_cast<size_t>(step.kind);
  return (size_t{step.queue} * 0x9E3779B97F4A7C15U >> 40U) + kind * 31 + step.lane;
}

}  // namespace

StepLog::StepLog(size_t bytes) : count_(bytes / sizeof(Step)) { steps_.reserve(count_); }

void StepLog::add(const Step& step) {
  if (count_ == 0) return;
  uint64_t& newest = newest_[slot_of(step) % kNewest];
  const bool is_there = newest != 0 && added_ - newest < count_;
  if (is_there && joins(steps_[(newest - 1) % count_], step)) return;
  if (steps_.size() < count_) {
    steps_.push_back(step);
  } else {
    Step& place = steps_[added_ % count_];
    forgotten_ms_ = std::max(forgotten_ms_, place.at_ms);
    place = step;
  }
  newest = ++added_;
}

bool StepLog::joins(Step& newest, const Step& step) const {
  const bool same = newest.queue == step.queue && newest.lane == step.lane && newest.kind == step.kind &&
                    newest.number == step.number && newest.code == step.code;
  if (!same || step.number != 0 || step.first <= newest.last || step.at_ms - newest.at_ms >= kJoinedMs)
    return false;
  newest.last = step.last;
  newest.count += step.count;
  return true;
}

std::vector<Step> StepLog::about(store::QueueId queue, uint8_t lane, store::Seq seq) const {
  std::vector<Step> found;
  for (uint64_t i = added_ - steps_.size(); i < added_; ++i) {
    const Step& step = steps_[i % count_];
    if (step.queue == queue && step.lane == lane && step.first <= seq && seq <= step.last)
      found.push_back(step);
  }
  return found;
}

}  // namespace headgate::hub
