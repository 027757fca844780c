// Part of the hubs, by a hash of their ids: so that each of several readers takes its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::tools {

class Shard {
 public:
  Shard() = default;
  // `part` of `parts`, from 1.
  Shard(uint64_t part, uint64_t parts) : part_(part), parts_(parts) {}

  [[nodiscard]] bool is_whole() const { return parts_ == 1; }
  // The first eight bytes of the id's SHA-256, big-endian, modulo the parts.
  [[nodiscard]] bool has(std::string_view hub) const;

 private:
  uint64_t part_ = 1;
  uint64_t parts_ = 1;
};

// Reads 2/5; empty: all hubs. Error: invalid, with what is expected.
[[nodiscard]] core::Result<Shard> read_shard(std::string_view text);

// The hub's id in a batch, empty if there is none.
[[nodiscard]] std::string hub_of(std::string_view batch);

}  // namespace headgate::tools
