#include "upstream/links/choice.h"

#include <bit>
#include <cstddef>

namespace headgate::upstream {
namespace {

bool is_usable(const LinkView& link) { return link.up && link.lanes != 0; }

// Down, but asked to come up, or asked once something waits.
bool may_come_up(const LinkView& link) { return !link.up && !link.given_up && link.lanes != 0; }

// More lanes before fewer, then the earlier one.
bool is_better(const LinkView& a, const LinkView& b) {
  return std::popcount(a.lanes) > std::popcount(b.lanes);
}

}  // namespace

std::optional<size_t> best_link(std::span<const LinkView> links, std::optional<size_t> current) {
  std::optional<size_t> best;
  for (size_t i = 0; i < links.size(); ++i) {
    const bool counts = is_usable(links[i]) || may_come_up(links[i]);
    if (counts && (!best || is_better(links[i], links[*best]))) best = i;
  }
  if (!best) return std::nullopt;
  if (current && is_usable(links[*current]) && !links[*best].proven) return current;
  return links[*best].up ? best : std::nullopt;
}

bool is_needed(std::span<const LinkView> links, size_t place, WantedLanes wanted) {
  auto left = static_cast<WantedLanes>(wanted & links[place].lanes);
  for (size_t i = 0; i < links.size(); ++i) {
    if (i == place) continue;
    const LinkView& other = links[i];
    const bool is_before = is_better(other, links[place]) || (i < place && !is_better(links[place], other));
    if (is_before && (other.up || !other.given_up)) left &= static_cast<WantedLanes>(~other.lanes);
  }
  return left != 0;
}

}  // namespace headgate::upstream
