// A link upstream that routes may name.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::routing {

struct KnownLink {
  std::string name;
  uint8_t lane_max = 10;  // lanes after it do not go over it; 10 is that of routes without a priority

  friend bool operator==(const KnownLink&, const KnownLink&) = default;
};

}  // namespace headgate::routing
