// How far a reader has the batches of a stream for good, without a hole. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/unbatch/chain/mark.h"

namespace headgate::tools {

class Progress {
 public:
  // More holes than this are not remembered: what is before the oldest of them is asked for again.
  static constexpr size_t kStretchesMax = 64;
  static constexpr size_t kGivenUpMax = 256;

  // Batches from the first to the last, none of which is missing.
  struct Stretch {
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t after = 0;  // number of the batch before the first; 0: the first begins the chain
    std::string hash;    // of the last, in base64

    friend bool operator==(const Stretch&, const Stretch&) = default;
  };

  // A batch is where it goes, for good. Batches may come again. Those behind one that comes late come again after it, as first
  // arrivals are in order otherwise: they count from then on.
  void take(const ChainMark& mark, const std::string& hash);

  // The stretch that ends last: what a reader may say of itself. Null: it has none.
  [[nodiscard]] const Stretch* last() const;

  // State, for whoever writes it down.
  struct State {
    std::vector<Stretch> stretches;
    std::vector<GivenUpBatches> given_up;
  };
  [[nodiscard]] State state() const;
  void restore(const State& state);

 private:
  [[nodiscard]] bool has(uint64_t number) const;
  [[nodiscard]] uint64_t before(const Stretch& stretch) const;
  void join();
  void forget();

  std::map<uint64_t, Stretch> stretches_;        // by their first number; neither touching nor overlapping
  std::map<uint64_t, GivenUpBatches> given_up_;  // by their last number
};

}  // namespace headgate::tools
