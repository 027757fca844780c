// Loops among routes that publish to topics other routes take.
#pragma once

#include <cstdint>
#include <vector>

namespace headgate::routing {

// By route: the routes it feeds.
using FeedGraph = std::vector<std::vector<uint32_t>>;

// By route: whether it can reach itself.
[[nodiscard]] std::vector<bool> on_a_loop(const FeedGraph& feeds);

// The routes of a shortest loop through `start`, beginning with it; empty if it is on none.
[[nodiscard]] std::vector<uint32_t> shortest_loop(const FeedGraph& feeds, uint32_t start);

}  // namespace headgate::routing
