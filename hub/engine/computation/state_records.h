// State of computing routes as small values in the store. Described for outsiders in docs/store-format.md ("Values of
// the hub").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

inline constexpr std::string_view kComputationPrefix =
    "computation/";                                         // a record for each route, by its name
inline constexpr std::string_view kStatePrefix = "state/";  // the parts of its state, by its number
inline constexpr std::string_view kComputedUpToKey = "computed-up-to";

struct StoredComputation {
  uint32_t number = 0;    // stands for its name in the keys of its state
  store::Seq since = 0;   // inputs up to that seq came before the route did, and do not count
  std::string signature;  // of the plan that the state is for

  friend bool operator==(const StoredComputation&, const StoredComputation&) = default;
};
[[nodiscard]] store::KeyValue put_computation(std::string_view route, const StoredComputation& stored);
[[nodiscard]] store::KeyValue erase_computation(std::string_view route);
// Error: corrupt.
[[nodiscard]] core::Result<StoredComputation> read_computation(std::string_view key, std::string_view value);

// The prefix of the keys of a route's state.
[[nodiscard]] std::string state_prefix(uint32_t number);

// Hub time up to which all inputs have been computed: an input that is stamped earlier counts as of then.
[[nodiscard]] store::KeyValue put_computed_up_to(int64_t hub_ms);
// Error: corrupt.
[[nodiscard]] core::Result<int64_t> read_computed_up_to(std::string_view value);

}  // namespace headgate::hub
