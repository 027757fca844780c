// Everything that a batch is made of beside its messages, which are in the store: with it the batch is made again byte
// for byte. Kept in the store as a small value from before the batch is sent until it is answered. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/queue_store.h"
#include "upstream/drain/chain/mark.h"
#include "upstream/payload/batch_form.h"

namespace headgate::upstream {

struct Plan {
  Mark mark;
  Digest content{};  // shows that a batch that is made again is the batch
  uint8_t lane = 0;
  store::Seq first = 0;  // of its messages, which are neighbours in the lane
  store::Seq last = 0;
  uint64_t messages = 0;  // none: it holds gaps only
  int64_t sent_ms = 0;    // Unix time
  bool clock_right = true;
  BatchForm form;
  std::vector<store::Gap> gaps;

  friend bool operator==(const Plan&, const Plan&) = default;
};

// Numbers that were given and whose batches will not come, until the far side knows.
struct Abandoned {
  GivenUp given_up;
  uint64_t declared_in = 0;  // number of the batch that says so; 0: none yet

  friend bool operator==(const Abandoned&, const Abandoned&) = default;
};

// The newest entry of each lane that was in a batch: up to it the far side may have any, whatever became of the batch.
using BegunLanes = std::array<store::Seq, store::kLaneCount>;

// Where the chain of a stream ends.
struct ChainEnd {
  std::string epoch;    // of the store; another one has another chain
  uint64_t number = 0;  // of the last batch that has one; 0: none has
  Digest hash{};        // of that batch
  std::vector<Abandoned> abandoned;
  BegunLanes begun{};

  friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};

[[nodiscard]] std::string plan_prefix(std::string_view stream);
[[nodiscard]] store::KeyValue put_plan(std::string_view stream, const Plan& plan);
[[nodiscard]] store::KeyValue erase_plan(std::string_view stream, uint64_t number);
// Error: corrupt.
[[nodiscard]] core::Result<Plan> read_plan(std::string_view key, std::string_view value);

[[nodiscard]] std::string chain_end_key(std::string_view stream);
[[nodiscard]] store::KeyValue put_chain_end(std::string_view stream, const ChainEnd& end);
// Error: corrupt.
[[nodiscard]] core::Result<ChainEnd> read_chain_end(std::string_view key, std::string_view value);

}  // namespace headgate::upstream
