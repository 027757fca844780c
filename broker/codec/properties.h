// The property sections of MQTT 5.0 (section 2.2.2): which property may stand where, how often, and with
// what value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/codec/reason_code.h"
#include "broker/codec/wire.h"
#include "core/message.h"

namespace headgate::broker {

// Values are the wire's (MQTT 5.0 table 2-4).
enum class PropertyId : uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

// Where a property section stands. `ack` is PUBACK, PUBREC, PUBREL and PUBCOMP, which allow the same.
enum class PropertyPlace : uint8_t {
  connect,
  will,
  connack,
  publish,
  ack,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  disconnect,
  auth,
};

// Some properties may stand in a packet only in one direction.
enum class Sender : uint8_t { client, server };

// A property: integers (and bytes) are in `number`, strings and binary data in `text`, the name of a user
// property in `text` and its value in `value`. Views point into the packet.
struct Property {
  PropertyId id = PropertyId::user_property;
  uint32_t number = 0;
  std::string_view text = {};
  std::string_view value = {};
};

// Reads one property section, from its length on, out of a packet: `while (properties.next(p)) switch
// (p.id)…`, then `status()`. After it, the packet's reader stands behind the section.
class PropertyReader {
 public:
  PropertyReader(Reader& packet, PropertyPlace place, Sender sender = Sender::client);

  // The next property; false at the end and at the first error.
  bool next(Property& property);

  // success; malformed_packet for what cannot be read, an unknown property, or one that this packet does not
  // allow (MQTT 5.0 section 2.2.2.2); protocol_error for one given twice, for a value out of its range, and
  // for one that only the other side may send.
  [[nodiscard]] ReasonCode status() const { return status_; }

 private:
  bool refuse(ReasonCode reason) {
    status_ = reason;
    return false;
  }
  [[nodiscard]] bool read_value(Property& property);
  [[nodiscard]] bool check_use(PropertyId id);

  Reader section_;
  uint64_t seen_ = 0;  // bit n: property n was there
  PropertyPlace place_;
  Sender sender_;
  ReasonCode status_ = ReasonCode::success;
};

// Reads a section of which nothing is wanted but that it is well formed; `reason_string` gets that property.
[[nodiscard]] ReasonCode skip_properties(Reader& packet, PropertyPlace place,
                                         std::string_view* reason_string);

// A user property in a packet.
struct UserPropertyView {
  std::string_view name = {};
  std::string_view value = {};

  friend bool operator==(const UserPropertyView&, const UserPropertyView&) = default;
};

// Properties by which a PUBLISH and a will describe their payload. Views point into the packet; absent
// strings are empty.
struct MessageProperties {
  bool payload_is_utf8 = false;
  std::optional<uint32_t> expiry_s = {};
  std::string_view content_type = {};
  std::string_view response_topic = {};
  std::string_view correlation_data = {};
  std::vector<UserPropertyView> user = {};  // in the packet's order [MQTT-3.3.2-18]

  // Back to nothing; the vector keeps its room.
  void clear();
};

// A copy that outlives the packet; null when all of it but the expiry is absent, as core::Message wants it.
[[nodiscard]] std::shared_ptr<const core::Properties> to_core(const MessageProperties& properties);

// Takes `property` into `properties` if it is one of a message's, and ignores any other. Refuses a response
// topic that is no topic name [MQTT-3.3.2-13, MQTT-3.3.2-14].
[[nodiscard]] ReasonCode take_message_property(const Property& property, MessageProperties& properties);

// Writers of a section piece by piece; strings only if they are not empty.
void append_property_u8(std::string& out, PropertyId id, uint8_t value);
void append_property_u16(std::string& out, PropertyId id, uint16_t value);
void append_property_u32(std::string& out, PropertyId id, uint32_t value);
void append_property_string(std::string& out, PropertyId id, std::string_view text);

// Appends the reason string to a section that is otherwise complete, if it fits into a packet whose head and
// payload take `other_bytes`.
void append_reason(std::string& section, const ReasonText& reason, size_t other_bytes);

// Appends a packet that is not on the hot path: fixed header, `head`, the section with its length, `payload`.
void append_packet(std::string& out, uint8_t first_byte, std::string_view head, std::string_view section,
                   std::string_view payload = {});

}  // namespace headgate::broker
