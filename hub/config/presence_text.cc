#include "hub/config/presence_text.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

int64_t oldest_ms(store::QueueReader& store, store::QueueId queue) {
  int64_t oldest = 0;
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
    const int64_t of_lane = store.oldest_ms(queue, lane);
    if (of_lane != 0 && (oldest == 0 || of_lane < oldest)) oldest = of_lane;
  }
  return oldest;
}

Json queue_json(store::QueueReader& store, store::QueueId queue, core::Now now) {
  const store::QueueStats& stats = store.stats(queue);
  Json json = {{"name", stats.name}, {"waiting", stats.waiting()}, {"bytes", stats.waiting_bytes()}};
  const int64_t oldest = oldest_ms(store, queue);
  json["oldest_s"] = oldest == 0 ? 0 : std::max<int64_t>(0, now.hub_ms - oldest) / 1000;
  return json;
}

// Queues in which something waits, the fullest first.
std::vector<store::QueueId> waiting_queues(const store::QueueReader& store) {
  std::vector<store::QueueId> queues = store.queues();
  std::erase_if(queues, [&](store::QueueId queue) { return store.stats(queue).waiting() == 0; });
  std::ranges::stable_sort(queues, std::greater(),
                           [&](store::QueueId queue) { return store.stats(queue).waiting(); });
  if (queues.size() > kPresenceQueuesMax) queues.resize(kPresenceQueuesMax);
  return queues;
}

Json heads_json(const std::vector<PresenceHead>& heads) {
  Json json = Json::array();
  for (size_t i = 0; i < std::min(heads.size(), kPresenceHeadsMax); ++i)
    json.push_back({{"st", heads[i].stream}, {"n", heads[i].number}, {"hash", heads[i].hash}});
  return json;
}

// Whoever needs looking at comes first.
bool is_worse(const PresenceModule& a, const PresenceModule& b) {
  return std::tuple(a.connected, b.connects, a.id) < std::tuple(b.connected, a.connects, b.id);
}

Json modules_json(std::vector<PresenceModule> modules) {
  std::ranges::sort(modules, is_worse);
  Json list = Json::array();
  for (size_t i = 0; i < std::min(modules.size(), kPresenceModulesMax); ++i)
    list.push_back({{"id", modules[i].id},
                    {"connected", modules[i].connected},
                    {"connects", modules[i].connects},
                    {"last_seen", modules[i].last_seen_ms}});
  const auto connected = std::ranges::count(modules, true, &PresenceModule::connected);
  return {{"connected", connected},
          {"away", modules.size() - static_cast<size_t>(connected)},
          {"list", std::move(list)},
          {"more", modules.size() - std::min(modules.size(), kPresenceModulesMax)}};
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string online_text(const Presence& presence, store::QueueReader& store, core::Now now) {
  Json queues = Json::array();
  for (const store::QueueId queue : waiting_queues(store)) queues.push_back(queue_json(store, queue, now));
  Json json = {{"v", 1},
               {"hub", presence.hub},
               {"link", presence.link},
               {"state", "online"},
               {"at", now.wall_ms},
               {"period_s", presence.period_s},
               {"version", presence.version},
               {"started", presence.started_ms},
               {"health", presence.health},
               {"clients", presence.clients}};
  if (!presence.document_state.empty())
    json["config"] = {{"version", presence.document_version}, {"state", presence.document_state}};
  if (!presence.modules.empty()) json["modules"] = modules_json(presence.modules);
  json["queues"] = std::move(queues);
  if (presence.heads.empty()) return dumped(json);
  json["ep"] = presence.epoch;
  json["heads"] = heads_json(presence.heads);
  return dumped(json);
}

std::string offline_text(std::string_view hub, std::string_view link) {
  return dumped({{"v", 1}, {"hub", hub}, {"link", link}, {"state", "offline"}});
}

}  // namespace headgate::hub
