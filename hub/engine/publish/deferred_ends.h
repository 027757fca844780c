// Inputs that their consumer has acknowledged while outputs of it are held for lack of room (docs/adr/0036). One of
// those outputs may be what an input caused; so the input ends in the Change that stores the last of them.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "broker/session/session.h"

namespace headgate::hub {

struct DeferredEnd {
  broker::DeliveryToken token;
  uint16_t packet_id = 0;
  uint8_t qos = 0;
  uint64_t after = 0;  // the newest publish that was held when the acknowledgement came, by its number
};

// Holds as many a session as are in flight to it. An end that is forgotten has not happened: the delivery is sent
// again on the next connection, or to the next consumer.
class DeferredEnds {
 public:
  // In the order of `after`. One of a delivery that is known already changes nothing.
  void add(const broker::Session& session, const DeferredEnd& end);
  [[nodiscard]] bool any(const broker::Session& session) const { return ends_.contains(&session); }
  // Gives those that came before publish number `oldest_left` was held, the oldest that is left: nothing that they wait
  // for is.
  [[nodiscard]] std::vector<DeferredEnd> due(const broker::Session& session, uint64_t oldest_left) const;
  void remove_due(const broker::Session& session, uint64_t oldest_left);
  void forget(const broker::Session& session) { ends_.erase(&session); }

 private:
  std::unordered_map<const broker::Session*, std::vector<DeferredEnd>> ends_;
};

}  // namespace headgate::hub
