// Choice of the link that a queue goes over, and of those that are to be connected for it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace headgate::upstream {

// A link as a queue that may go over it sees it.
struct LinkView {
  bool up = false;
  bool proven = false;    // up for so long that it is worth to move to it
  bool given_up = false;  // down for so long, or for such a reason, that others take over
  uint16_t lanes = 0;     // those of the queue that it takes now; bit n: lane n
};

// Lanes that have something to go, or all of them for links that are to be ready for it.
using WantedLanes = uint16_t;

// The place of the link that a queue goes over, of links in the order of preference. One that takes fewer lanes is the
// last resort of those that the others would take too. `current`, where the queue is, is left for a better one only once
// that is proven. None: no link that is up takes any lane, or the best may still come up and is waited for.
[[nodiscard]] std::optional<size_t> best_link(std::span<const LinkView> links, std::optional<size_t> current);

// Whether the link at `place` is to be connected for a queue with `wanted` lanes: it takes some of them that no better
// link takes that is up, or that may still come up.
[[nodiscard]] bool is_needed(std::span<const LinkView> links, size_t place, WantedLanes wanted);

}  // namespace headgate::upstream
