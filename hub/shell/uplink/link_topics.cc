#include "hub/shell/uplink/link_topics.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kStepPercent = 10;

// Null without a limit.
Json left_percent(uint64_t used, uint64_t limit) {
  if (limit == 0) return nullptr;
  const uint64_t left = limit - std::min(used, limit);
  // Tenths first: a budget of petabytes times a hundred would not fit.
  return std::min<uint64_t>(100, left / std::max<uint64_t>(1, limit / 100)) / kStepPercent * kStepPercent;
}

// The last priority that it takes, 10 for messages without one; null: it takes none now.
Json last_priority(uint16_t lanes) {
  return lanes == 0 ? Json(nullptr) : Json(std::min(std::bit_width(lanes) - 1, int{store::kLaneCount} - 1));
}

}  // namespace

std::vector<SysTopic> link_topics(const upstream::UpstreamReport& report) {
  std::vector<SysTopic> topics;
  for (const upstream::LinkReport& link : report.links) {
    const upstream::LinkTerms& terms = link.named.terms;
    const Json json = {{"link", link.named.name},
                       {"state", state_name(link.status.state)},
                       {"since", link.status.since_ms},
                       {"priority_max", last_priority(link.permit.lanes)},
                       {"why", link.permit.why},
                       {"day_left_percent", left_percent(link.counts.day_bytes, terms.day_bytes_max)},
                       {"month_left_percent", left_percent(link.counts.month_bytes, terms.month_bytes_max)}};
    topics.push_back({"$SYS/headgate/links/" + link.named.name,
                      json.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  return topics;
}

}  // namespace headgate::hub
