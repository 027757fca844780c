// Wishes of a route for the queue that it leads to: `queue` and `onRemove` of a route file.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/on_full.h"

namespace headgate::routing {

using core::OnFull;

// Ordered by how little each loses of what is stored, least first.
enum class OnRemove : uint8_t { keep, drain, purge };

// Terms of a route for its queue. The hub decides an absent one. A limit of 0 is no limit.
struct QueueRule {
  std::optional<uint64_t> bytes_max = {};
  std::optional<uint64_t> messages_max = {};
  std::optional<int64_t> age_max_ms = {};
  std::optional<OnFull> on_full = {};
  std::optional<OnRemove> on_remove = {};

  friend bool operator==(const QueueRule&, const QueueRule&) = default;
};

[[nodiscard]] std::string_view to_string(OnRemove on_remove);
[[nodiscard]] std::optional<OnRemove> parse_on_remove(std::string_view text);

// Joins the rules of two routes that lead to one queue: the tightest of each limit, and of two ways the one
// that loses less of what is stored.
[[nodiscard]] QueueRule combined(const QueueRule& a, const QueueRule& b);
// True if both say something about the same, and not the same.
[[nodiscard]] bool disagree(const QueueRule& a, const QueueRule& b);

struct QueueRuleProblem {
  std::string path;  // "queue.maxBytes"
  std::string what;
};

// Reads `queue` and `onRemove` of a route's object, as far as they are there. Unknown keys are no problem
// in a deployment manifest.
[[nodiscard]] QueueRule read_queue_rule(const nlohmann::ordered_json& route, bool unknown_keys_allowed,
                                        std::vector<QueueRuleProblem>& problems);

}  // namespace headgate::routing
