#include "hub/edge/hub_twin/client_times.h"

#include <algorithm>
#include <tuple>

namespace headgate::hub {

bool ClientTimes::connected(const EdgeId& client, int64_t wall_ms) {
  ClientTime& time = clients_[client];
  if (time.connected) return false;
  time.connected = true;
  time.connected_ms = wall_ms;
  return true;
}

bool ClientTimes::disconnected(const EdgeId& client, int64_t wall_ms) {
  const auto known = clients_.find(client);
  if (known == clients_.end() || !known->second.connected) return false;
  known->second.connected = false;
  known->second.disconnected_ms = wall_ms;
  return true;
}

void ClientTimes::keep(const std::function<bool(const EdgeId& id)>& is_known) {
  std::erase_if(clients_, [&](const Entry& entry) { return !is_known(entry.first); });
}

std::vector<const ClientTimes::Entry*> ClientTimes::by_interest() const {
  std::vector<const Entry*> entries;
  entries.reserve(clients_.size());
  for (const Entry& entry : clients_) entries.push_back(&entry);
  const auto rank = [](const Entry* entry) {
    const ClientTime& time = entry->second;
    return std::tuple(time.connected, std::max(time.connected_ms, time.disconnected_ms));
  };
  std::ranges::stable_sort(entries, [&](const Entry* a, const Entry* b) { return rank(a) > rank(b); });
  return entries;
}

}  // namespace headgate::hub
