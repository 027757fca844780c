// Rows of queues as GET /v1/queues has them: what the store knows of each, who drains it, and why what waits does not go on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/admin/hub_view.h"
#include "hub/admin/queue/blocked.h"

namespace headgate::hub {

// Made once for each listing: it reads who drains what, and then answers for each queue with a look into a map. What it has read
// is of that moment; counters are of the moment of the question. `hub` is borrowed. Loop thread only.
class QueueRows {
 public:
  explicit QueueRows(HubView& hub);
  QueueRows(const QueueRows&) = delete;
  QueueRows& operator=(const QueueRows&) = delete;

  // store::queue_json() with "consumer": {"kind", "name", "connected"}, "blocked" and "blocked_since_ms". REQUIRES: the queue
  // exists; so for the next two.
  [[nodiscard]] std::string row(store::QueueId queue);
  // A number that is another once the row is, but for chance; nothing is read from the disk for it.
  [[nodiscard]] uint64_t signature(store::QueueId queue);
  [[nodiscard]] QueueDrain drain(store::QueueId queue);

 private:
  struct Way {
    const upstream::QueueReport* queue = nullptr;
    std::vector<const upstream::LinkReport*> links = {};
  };

  void find_ways();
  [[nodiscard]] std::string_view held_back_by(std::string_view queue);

  HubView& hub_;
  DrainWorld world_;
  QueueReaders readers_;
  std::optional<upstream::UpstreamReport> up_;
  std::unordered_map<store::QueueId, const QueueClient*> clients_;
  std::unordered_map<std::string_view, Way> ways_;  // by the names of queues
  // Why results of a route wait; null: nobody has asked yet.
  std::optional<std::map<std::string, std::string, std::less<>>> routes_wait_;
};

}  // namespace headgate::hub
