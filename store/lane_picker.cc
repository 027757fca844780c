#include "store/lane_picker.h"

#include <algorithm>
#include <numeric>

namespace headgate::store {
namespace {

// Cost of a message besides its bytes, so that empty ones do not travel for nothing.
constexpr uint64_t kMessageBytes = 64;

// Divisible by every weight: lcm(1, …, 11).
constexpr uint64_t kStride = 27'720;

}  // namespace

void LanePicker::charge(uint8_t lane, uint64_t bytes) {
  if (mode_ == LaneMode::weighted) passes_[lane] += (bytes + kMessageBytes) * (kStride / lane_weight(lane));
}

std::array<uint8_t, kLaneCount> LanePicker::order() const {
  std::array<uint8_t, kLaneCount> lanes{};
  std::iota(lanes.begin(), lanes.end(), uint8_t{0});
  if (mode_ == LaneMode::weighted)
    std::ranges::stable_sort(lanes, {}, [this](uint8_t lane) { return passes_[lane]; });
  return lanes;
}

// Lanes with a lesser pass were asked before and had nothing: they go on from here too.
void LanePicker::go_on_from(uint8_t lane) {
  const uint64_t now = passes_[lane];
  for (uint64_t& pass : passes_) pass -= std::min(pass, now);
}

}  // namespace headgate::store
