// Devices and modules as they come and go, for the report of the hub. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "hub/edge/id.h"

namespace headgate::hub {

// Unix time; 0: it has not happened since the hub's start.
struct ClientTime {
  bool connected = false;
  int64_t connected_ms = 0;
  int64_t disconnected_ms = 0;
};

class ClientTimes {
 public:
  using Entry = std::pair<const EdgeId, ClientTime>;

  // True if it was not so before.
  bool connected(const EdgeId& client, int64_t wall_ms);
  bool disconnected(const EdgeId& client, int64_t wall_ms);
  // Forgets all others.
  void keep(const std::function<bool(const EdgeId& id)>& is_known);

  [[nodiscard]] size_t size() const { return clients_.size(); }
  // Gives those that are connected first, and of either the ones that came or went last. Good until the next change.
  [[nodiscard]] std::vector<const Entry*> by_interest() const;

 private:
  std::map<EdgeId, ClientTime> clients_;
};

}  // namespace headgate::hub
