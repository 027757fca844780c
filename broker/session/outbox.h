// Deliveries on their way to a client: the in-flight window and, behind it, what waits in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "broker/session/ring.h"
#include "core/message.h"

namespace headgate::broker {

// The owner's name for a delivery that it wants to hear the end of. Opaque here. `seq` 0: nobody asks.
struct DeliveryToken {
  uint32_t queue = 0;
  uint8_t lane = 0;
  uint64_t seq = 0;

  friend bool operator==(const DeliveryToken&, const DeliveryToken&) = default;
};

// By what a message comes to a client.
enum class Via : uint8_t {
  subscription,
  share,  // a shared subscription: another member may get it if this client's session ends first
};

// A message for one client, with the QoS and flags of that client's subscription.
struct Outgoing {
  core::MessagePtr message;
  uint8_t qos = 0;
  bool retain = false;
  std::vector<uint32_t> subscription_ids;
  DeliveryToken token;
  Via via = Via::subscription;
  bool maybe_sent = false;  // before a restart of the hub: goes out with DUP [MQTT-3.3.1-1]
};

// The in-flight window of QoS 1 and 2 deliveries (MQTT 5.0 sections 4.3 and 4.9) and the packet ids in it.
// Knows nothing of bytes. Packet ids are unique while in use [MQTT-2.2.1-4]. Everything keeps the order in
// which it was first sent [MQTT-4.6.0-1].
// [MQTT-4.3.2-3, MQTT-4.3.3-3, MQTT-4.3.3-5]; 3.1.1 [MQTT-4.3.2-1, MQTT-4.3.3-1, MQTT-4.6.0-1]
class Outbox {
 public:
  enum class Stage : uint8_t {
    sent,      // PUBLISH is out; PUBACK or PUBREC must come
    received,  // PUBREC came; the owner is making that durable before PUBREL
    released,  // PUBREL is out; PUBCOMP must come
  };
  struct InFlight {
    uint16_t packet_id = 0;
    Stage stage = Stage::sent;
    bool again = false;  // waits to be sent again, on a new connection
    Outgoing out;        // without its message once `received`
  };

  explicit Outbox(uint16_t window_max) : window_max_(window_max) {}

  void set_window_max(uint16_t window_max) { window_max_ = window_max; }
  // How many more may be started now: none before everything that is to be sent again has been.
  // [MQTT-4.9.0-1, MQTT-4.9.0-2]
  [[nodiscard]] size_t window() const { return again_ == 0 ? room() : 0; }
  [[nodiscard]] size_t in_flight() const { return used_; }
  // Cost of the flow-control window in memory: as many places, used or not.
  [[nodiscard]] size_t slots() const { return slots_.size(); }

  // Puts a delivery in flight under a free packet id. Good until the next one is started.
  const InFlight& start(Outgoing out);
  // Takes a place under a given id; nullptr if that id is in use.
  const InFlight* start_as(uint16_t packet_id, Outgoing out);
  // After a restart: a delivery of which the client has acknowledged the PUBLISH, but not the PUBREL.
  void restore_released(uint16_t packet_id);

  // nullptr when there is no delivery of this id.
  [[nodiscard]] InFlight* find(uint16_t packet_id);
  // Ends a delivery and frees its id. It must exist.
  Outgoing finish(uint16_t packet_id);

  // The client has received it, or knows of the release: it is not sent again [MQTT-4.3.3-7].
  void advance(InFlight& flight, Stage stage);

  // A new connection: every delivery at `sent` is to be sent again [MQTT-4.4.0-1].
  void rewind();
  [[nodiscard]] bool rewound() const { return again_ > 0; }
  // The next one to be sent again, in the order of first sending; nullptr if there is none, or no room in the
  // window. It counts as sent.
  InFlight* next_again();

  // In the order of first sending.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].used) visit(slots_[i].flight);
    }
  }

  // Messages that wait for the window, in memory.
  Ring<Outgoing> waiting;
  size_t waiting_bytes = 0;

 private:
  struct Slot {
    bool used = false;
    InFlight flight;
  };
  [[nodiscard]] size_t room() const {
    const size_t sent = used_ - again_;
    return sent < window_max_ ? window_max_ - sent : 0;
  }
  [[nodiscard]] Slot* find_slot(uint16_t packet_id);
  void compact();
  const InFlight& push(uint16_t packet_id, Stage stage, Outgoing out);

  uint16_t window_max_;
  uint16_t last_packet_id_ = 0;
  size_t used_ = 0;
  size_t again_ = 0;  // of the used ones, those that wait to be sent again
  size_t run_ = 0;    // how many slots at the back have ids that count up by one: normally all of them
  Ring<Slot> slots_;  // in order of sending; finished ones are popped once they reach the front
};

}  // namespace headgate::broker
