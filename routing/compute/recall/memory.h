// Memory of a function that remembers, for one key, from one message to the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routing/compute/aggregates/kept_value.h"
#include "routing/compute/aggregates/packed.h"
#include "routing/compute/kept_table.h"

namespace headgate::routing {

struct Memory : Kept<Memory> {
  int64_t since_ms = 0;  // hub time: changed, every, dedup: of the last one forwarded; holds: since when
  bool truth = false;    // rising, falling, holds: the last condition that was defined
  std::string last;      // changed: the value last forwarded, as a key
  std::vector<KeptValue> values;  // lag, diff: the last ones, the newest at the end
  size_t bytes = 0;               // memory, as it was last reckoned
};

[[nodiscard]] size_t memory_bytes(const Memory& memory);

void save_memory(const Memory& memory, std::string& out);
// False: not what save_memory() wrote.
[[nodiscard]] bool load_memory(Memory& memory, PackedReader& in);

}  // namespace headgate::routing
