// From which lane of a queue the next message goes out, where lanes compete: for a link's window, for a
// client's. A value without I/O; each consumer of a queue has one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "store/queue_store.h"

namespace headgate::store {

// `strict`: a lane is served while no better one has anything. `weighted`: every lane gets its share.
enum class LaneMode : uint8_t { strict, weighted };

// Shares of lane 0, 1, … in the bytes that are sent while all have something: 11 parts to 1.
[[nodiscard]] constexpr uint32_t lane_weight(uint8_t lane) { return kLaneCount - lane; }

// With `weighted`, stride scheduling (Waldspurger and Weihl, 1995): each lane has a *pass*, which grows by
// what it sent over its weight; the lane with the least goes next, the better of two equals. A lane that had
// nothing to send gathers no credit for it.
class LanePicker {
 public:
  explicit LanePicker(LaneMode mode = LaneMode::strict) : mode_(mode) {}

  // The first lane, in the order in which it is their turn, of which `ready(lane)` says that it has something
  // to send; none if no lane has.
  template <class Ready>
  [[nodiscard]] std::optional<uint8_t> pick(const Ready& ready) {
    for (const uint8_t lane : order()) {
      if (!ready(lane)) continue;
      go_on_from(lane);
      return lane;
    }
    return std::nullopt;
  }

  // The lane has sent this much.
  void charge(uint8_t lane, uint64_t bytes);

 private:
  [[nodiscard]] std::array<uint8_t, kLaneCount> order() const;
  void go_on_from(uint8_t lane);

  LaneMode mode_;
  std::array<uint64_t, kLaneCount> passes_{};  // relative to the lane picked last
};

}  // namespace headgate::store
