// PUBLISH: a message, either way (MQTT 5.0 and 3.1.1 section 3.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/codec/properties.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "core/message.h"

namespace headgate::broker {

// All strings view the packet. Reuse one for all packets of a connection: it keeps its vector's room, so that
// decoding allocates nothing.
struct Publish {
  std::string_view topic = {};  // empty only when topic_alias stands for it
  std::string_view payload = {};
  uint16_t packet_id = 0;  // 0 with QoS 0
  uint8_t qos = 0;
  bool retain = false;
  bool dup = false;
  uint16_t topic_alias = 0;  // 0 = none; whether it is within the maximum is the session's business
  MessageProperties properties = {};
};

// Reads the body of a PUBLISH from a client. `flags` are the fixed header's. Refuses with malformed_packet
// QoS 3 [MQTT-3.3.1-4] and DUP with QoS 0 [MQTT-3.3.1-2]; with topic_name_invalid wildcards [MQTT-3.3.2-2,
// MQTT-3.3.2-14] and in 3.1.1 an empty topic [MQTT-4.7.3-1]; with protocol_error an empty topic without
// alias, a packet id of 0 [MQTT-2.2.1-3] and a subscription identifier [MQTT-3.3.4-6]; with
// topic_alias_invalid alias 0 [MQTT-3.3.2-8].
[[nodiscard]] ReasonCode decode_publish(std::string_view body, uint8_t flags, Version version, Publish& out);

// How a message goes to one subscriber.
struct PublishOptions {
  uint16_t packet_id = 0;
  uint8_t qos = 0;
  bool dup = false;
  bool retain = false;
  bool topic_known = false;  // the alias was announced before: send it without the topic
  uint16_t topic_alias = 0;  // 0 = none
  std::span<const uint32_t> subscription_ids = {};
  std::optional<uint32_t> expiry_s = {};  // what remains of it [MQTT-3.3.2-6]; absent: none is sent
  size_t packet_bytes_max = std::numeric_limits<size_t>::max();  // the receiver's Maximum Packet Size
};

// Appends a PUBLISH to `out`; in 3.1.1 without the properties. False, with nothing appended, when it would be
// larger than the receiver takes [MQTT-3.1.2-24, MQTT-3.1.2-25] or than the protocol can say.
[[nodiscard]] bool encode_publish(const core::Message& message, const PublishOptions& options,
                                  Version version, std::string& out);

// Makes a message straight from a packet that came in, whose topic is known. Of `publish`, only topic,
// payload and properties are used, the latter without their expiry: the rest is in `options`.
[[nodiscard]] bool encode_publish(const Publish& publish, const PublishOptions& options, Version version,
                                  std::string& out);

// An encoded PUBLISH for all subscribers of the same version that get it with the same options but packet id
// and DUP: each copy is one append and a patch of three bytes.
class PublishTemplate {
 public:
  // `options.packet_id`, `dup` and `packet_bytes_max` do not matter. bytes() is 0 if it cannot be encoded.
  PublishTemplate(const core::Message& message, PublishOptions options, Version version);
  PublishTemplate(const Publish& publish, PublishOptions options, Version version);

  // Size of the packet, to hold against a subscriber's Maximum Packet Size.
  [[nodiscard]] size_t bytes() const { return packet_.size(); }

  // Appends the packet. `packet_id` is not 0 for QoS 1 and 2, and is ignored for QoS 0.
  void append_to(std::string& out, uint16_t packet_id = 0, bool dup = false) const;

 private:
  std::string packet_;
  size_t packet_id_at_ = 0;  // 0 = QoS 0, which has none
};

}  // namespace headgate::broker
