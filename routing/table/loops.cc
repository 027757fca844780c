#include "routing/table/loops.h"

#include <algorithm>
#include <limits>

namespace headgate::routing {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

// Routes that feed nothing that is left cannot be on a loop; taking them away may leave others like
// that. What stays reaches a loop, which most routes do not.
std::vector<bool> reaches_a_loop(const FeedGraph& feeds) {
  std::vector<bool> alive(feeds.size());
  for (size_t i = 0; i < feeds.size(); ++i) alive[i] = !feeds[i].empty();
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < feeds.size(); ++i) {
      const bool feeding =
          std::any_of(feeds[i].begin(), feeds[i].end(), [&](uint32_t next) { return alive[next]; });
      if (alive[i] && !feeding) alive[i] = false, changed = true;
    }
  }
  return alive;
}

}  // namespace

std::vector<uint32_t> shortest_loop(const FeedGraph& feeds, uint32_t start) {
  std::vector<uint32_t> came_from(feeds.size(), kNone);
  std::vector<uint32_t> queue = {start};
  for (size_t head = 0; head < queue.size() && came_from[start] == kNone; ++head) {
    for (const uint32_t next : feeds[queue[head]]) {
      if (came_from[next] != kNone) continue;
      came_from[next] = queue[head];
      queue.push_back(next);
    }
  }
  std::vector<uint32_t> loop;
  if (came_from[start] == kNone) return loop;
  for (uint32_t at = came_from[start]; at != start; at = came_from[at]) loop.push_back(at);
  loop.push_back(start);
  std::reverse(loop.begin(), loop.end());
  return loop;
}

std::vector<bool> on_a_loop(const FeedGraph& feeds) {
  std::vector<bool> on = reaches_a_loop(feeds);
  for (uint32_t i = 0; i < feeds.size(); ++i) on[i] = on[i] && !shortest_loop(feeds, i).empty();
  return on;
}

}  // namespace headgate::routing
