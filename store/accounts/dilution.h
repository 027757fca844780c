// Choice of the entries that go when a queue is thinned: of each source's messages every second one, the
// first is kept. A *pass* covers the older half of one lane and goes on where it was, some entries at a time.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "store/queue_store.h"

namespace headgate::store {

class Dilution {
 public:
  // Sources that a pass tells apart; beyond, it starts to count anew. About 40 bytes each, while it runs.
  static constexpr size_t kSourcesMax = 16'384;

  // Begins a pass over the first `entries` of a lane.
  void begin(uint8_t lane, uint64_t entries);

  [[nodiscard]] bool active() const { return left_ > 0; }
  [[nodiscard]] uint8_t lane() const { return lane_; }
  [[nodiscard]] Seq after() const { return after_; }     // where it goes on
  [[nodiscard]] uint64_t left() const { return left_; }  // entries it still covers

  // Takes the next entries of the lane; returns which of them are to go. None: the pass is over.
  [[nodiscard]] std::vector<Seq> step(std::span<const Entry> entries);

 private:
  uint8_t lane_ = 0;
  Seq after_ = 0;
  uint64_t left_ = 0;
  std::unordered_set<uint64_t> kept_last_;  // hashes of sources whose last message was kept
};

}  // namespace headgate::store
