// Translation between what one client of Azure IoT's SDKs says on the wire and the hub's own topics. The only place that
// knows the SDKs' topics (docs/adr/0085).
//
//   on the wire                                             inside
//   devices/E/modules/M/messages/events/%24.on=o&{bag}/      modules/M/outputs/o
//   devices/E/modules/M/messages/events/{bag}                modules/M/messages/events
//   devices/D/messages/events/{bag}                          devices/D/messages/events
//   devices/D/modules/M/messages/events/{bag}                devices/D/modules/M/messages/events, …/outputs/o
//   devices/E/modules/M/inputs/i/{bag}                       modules/M/inputs/i
//   devices/D/modules/M/inputs/i/{bag}                       devices/D/modules/M/inputs/i
//   devices/D/messages/devicebound/{bag}                     devices/D/messages/devicebound
//   $iothub/{rest}                                           $iothub/devices/D[/modules/M]/{rest}
//
// E is the hub's own device, D any other, M a module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/codec/packets/publish.h"
#include "broker/codec/reason_code.h"
#include "core/message.h"

namespace headgate::broker {

// A message's body and its bag, as both stand in the packet.
inline constexpr size_t kEdgeMessageBytesMax = 262'144;
// The largest packet: what stands round body and bag is a fixed header, a topic with two ids of 128 characters, a packet id.
inline constexpr size_t kEdgePacketBytesMax = kEdgeMessageBytesMax + 5 + 2 + 291 + 2;

// A publish in the hub's own words.
struct Translated {
  bool is_request = false;  // to the hub itself, on `$iothub/…`; else a message
  std::string topic;
  std::shared_ptr<const core::Properties> properties;  // null: none
  int64_t expires_wall_ms = 0;                         // of `$.exp`; 0 = none that is a time
};

class Translator {
 public:
  // `module` is empty for a device. `own_device`: the hub's.
  Translator(std::string_view device, std::string_view module, std::string_view own_device);

  // Success, or why the client has to go, which `why` says to people: not_authorized (a topic that is not its own),
  // topic_name_invalid (one that cannot be read), packet_too_large, qos_not_supported. RETAIN and DUP become the
  // properties `mqtt-retain` and `mqtt-dup`.
  [[nodiscard]] ReasonCode publish(const Publish& from, Translated& into, std::string& why) const;
  // Inside of a filter; empty: it is none of the client's own.
  [[nodiscard]] std::string filter(std::string_view wire) const;
  // Writes the topic under which the client gets the message. False: it is none that this client can get.
  [[nodiscard]] bool topic_out(const core::Message& message, std::string& wire) const;

 private:
  struct Sorted;
  [[nodiscard]] ReasonCode request(std::string_view rest, Translated& into, std::string& why) const;
  [[nodiscard]] ReasonCode event(const Publish& from, std::string_view bag, Translated& into,
                                 std::string& why) const;
  void append_bag(const core::Message& message, std::string& wire) const;

  std::string own_device_;
  std::string wire_;    // "devices/D/" or "devices/D/modules/M/"
  std::string inside_;  // the same, or "modules/M/"
  bool is_module_;
};

}  // namespace headgate::broker
