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
inline constexpr std::string_view kDrainPrefix =
    "draining/";  // a record for each state on its way out, by its number
inline constexpr std::string_view kComputedUpToKey = "computed-up-to";

struct StoredComputation {
  uint32_t number = 0;    // stands for its name in the keys of its state
  store::Seq since = 0;   // inputs up to that seq came before the route did, and do not count
  std::string signature;  // of the plan that the state is for
  std::string
      entry;  // the route as its file had it, see routing::route_record(); empty: an earlier version wrote this
  bool away = false;  // the route has gone, and its state is kept until it comes again
  store::Seq set_aside =
      0;  // inputs up to that seq count although they are not behind `since`: its state was set aside then

  friend bool operator==(const StoredComputation&, const StoredComputation&) = default;
};
[[nodiscard]] store::KeyValue put_computation(std::string_view route, const StoredComputation& stored);
[[nodiscard]] store::KeyValue erase_computation(std::string_view route);
// Error: corrupt.
[[nodiscard]] core::Result<StoredComputation> read_computation(std::string_view key, std::string_view value);

// State of a route that has gone or computes something else now, on its way out.
struct StoredDrain {
  std::string route;
  store::Seq until = 0;       // inputs up to that seq still count
  int64_t closes_hub_ms = 0;  // windows that end by then are complete, the others are given as they are
  std::string entry;  // the route as its file had it; empty: its windows give nothing, the state only goes
  // Set aside: it does not end before it is known whether the route comes back, with this signature of its plan.
  bool aside = false;
  std::string signature = {};
  bool gives = true;  // once it is to end; else its state only goes

  friend bool operator==(const StoredDrain&, const StoredDrain&) = default;
};
[[nodiscard]] store::KeyValue put_drain(uint32_t number, const StoredDrain& stored);
[[nodiscard]] store::KeyValue erase_drain(uint32_t number);
// Number of the state, of a key with kDrainPrefix.
[[nodiscard]] uint32_t drain_number(std::string_view key);
// Error: corrupt.
[[nodiscard]] core::Result<StoredDrain> read_drain(std::string_view key, std::string_view value);

// The prefix of the keys of a route's state.
[[nodiscard]] std::string state_prefix(uint32_t number);

// Hub time up to which all inputs have been computed: an input that is stamped earlier counts as of then.
[[nodiscard]] store::KeyValue put_computed_up_to(int64_t hub_ms);
// Error: corrupt.
[[nodiscard]] core::Result<int64_t> read_computed_up_to(std::string_view value);

}  // namespace headgate::hub
