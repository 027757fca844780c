// A queue's way with a message for which it has no room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headgate::core {

// Ordered by how little each loses of what is stored, least first. `thin` folds old readings into rows of sums and
// extremes before the queue is full (hub/engine/thinning), and does as `drop_oldest` where that was not enough. `dilute`
// thins the older half of what waits, one in two of each source. Of both a long outage costs resolution and not the
// beginning of the story.
enum class OnFull : uint8_t { reject, drop_newest, thin, dilute, drop_oldest };

// Spellings by value, for files of routes, the configuration and reports.
inline constexpr std::array<std::string_view, 5> kOnFullNames = {"reject", "drop-newest", "thin", "dilute",
                                                                 "drop-oldest"};

[[nodiscard]] constexpr std::string_view to_string(OnFull on_full) {
  return kOnFullNames[static_cast<size_t>(on_full)];
}

}  // namespace headgate::core
