// PUBACK and PUBREC in the order of their PUBLISHes. The hub may know the end of one publish before that of an
// earlier one, which waits for the disk or for room in a queue; the later answer then waits here.
// [MQTT-4.6.0-2, MQTT-4.6.0-3]; 3.1.1 [MQTT-4.6.0-2, MQTT-4.6.0-3]
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/codec/reason_code.h"
#include "broker/session/ring.h"

namespace headgate::broker {

// The publishes of one connection that have no PUBACK or PUBREC yet, 16 bytes each.
class AckOrder {
 public:
  struct Answer {
    uint16_t packet_id = 0;
    uint8_t qos = 0;
    ReasonCode reason = ReasonCode::success;
    std::string why = {};  // for people; empty: nothing to add
  };

  // Gives the next PUBLISH its place.
  uint32_t add(uint16_t packet_id, uint8_t qos);
  // The answer to the PUBLISH in that place is known. Nothing happens if it has been taken already.
  void settle(uint32_t place, ReasonCode reason, std::string_view why);
  // Takes the answer that is due: the oldest, once it is known.
  [[nodiscard]] std::optional<Answer> take();
  // True until the answer in that place was taken.
  [[nodiscard]] bool waits(uint32_t place) const { return place - first_ < places_.size(); }
  [[nodiscard]] size_t size() const { return places_.size(); }
  // The connection is another: whoever had a place has none any more.
  void clear();

 private:
  struct Place {
    uint16_t packet_id = 0;
    uint8_t qos = 0;
    bool settled = false;
    ReasonCode reason = ReasonCode::success;
    std::unique_ptr<const std::string> why;
  };

  Ring<Place> places_;
  uint32_t first_ = 0;  // the place at the front; places count up, and over
};

}  // namespace headgate::broker
