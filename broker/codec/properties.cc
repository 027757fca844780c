#include "broker/codec/properties.h"

#include <array>
#include <initializer_list>

#include "broker/codec/topic_filter.h"

namespace headgate::broker {
namespace {

enum class Type : uint8_t { none, byte, u16, u32, varint, text, binary, pair };
enum class Values : uint8_t { any, flag, not_zero };

constexpr uint16_t at(std::initializer_list<PropertyPlace> places) {
  unsigned mask = 0;
  for (const PropertyPlace place : places) mask |= 1U << static_cast<unsigned>(place);
  return static_cast<uint16_t>(mask);
}

struct Rule {
  Type type = Type::none;
  Values values = Values::any;
  uint16_t places = 0;       // where it may stand: one bit a PropertyPlace
  uint16_t server_only = 0;  // of these, where only a server may send it
  uint16_t client_only = 0;  // and where only a client may
  uint16_t repeats = 0;      // where it may stand more than once
};

constexpr size_t kIdCount = 0x2B;
constexpr uint16_t kEverywhere = 0x7FF;

// MQTT 5.0 table 2-4, with the limits of the sections that describe each property.
constexpr std::array<Rule, kIdCount> kRules = [] {
  using enum PropertyPlace;
  std::array<Rule, kIdCount> rules{};
  const auto rule = [&rules](PropertyId id) -> Rule& { return rules[static_cast<size_t>(id)]; };
  using Id = PropertyId;
  rule(Id::payload_format_indicator) = {Type::byte, Values::flag, at({publish, will})};
  rule(Id::message_expiry_interval) = {Type::u32, Values::any, at({publish, will})};
  rule(Id::content_type) = {Type::text, Values::any, at({publish, will})};
  rule(Id::response_topic) = {Type::text, Values::any, at({publish, will})};
  rule(Id::correlation_data) = {Type::binary, Values::any, at({publish, will})};
  rule(Id::subscription_identifier) = {
      Type::varint, Values::not_zero, at({publish, subscribe}), at({publish}), 0, at({publish})};
  rule(Id::session_expiry_interval) = {Type::u32, Values::any, at({connect, connack, disconnect}), 0,
                                       at({disconnect})};
  rule(Id::assigned_client_identifier) = {Type::text, Values::any, at({connack})};
  rule(Id::server_keep_alive) = {Type::u16, Values::any, at({connack})};
  rule(Id::authentication_method) = {Type::text, Values::any, at({connect, connack, auth})};
  rule(Id::authentication_data) = {Type::binary, Values::any, at({connect, connack, auth})};
  rule(Id::request_problem_information) = {Type::byte, Values::flag, at({connect})};
  rule(Id::will_delay_interval) = {Type::u32, Values::any, at({will})};
  rule(Id::request_response_information) = {Type::byte, Values::flag, at({connect})};
  rule(Id::response_information) = {Type::text, Values::any, at({connack})};
  rule(Id::server_reference) = {Type::text, Values::any, at({connack, disconnect}), at({disconnect})};
  rule(Id::reason_string) = {Type::text, Values::any, at({connack, ack, suback, unsuback, disconnect, auth})};
  rule(Id::receive_maximum) = {Type::u16, Values::not_zero, at({connect, connack})};
  rule(Id::topic_alias_maximum) = {Type::u16, Values::any, at({connect, connack})};
  rule(Id::topic_alias) = {Type::u16, Values::any, at({publish})};
  rule(Id::maximum_qos) = {Type::byte, Values::flag, at({connack})};
  rule(Id::retain_available) = {Type::byte, Values::flag, at({connack})};
  rule(Id::user_property) = {Type::pair, Values::any, kEverywhere, 0, 0, kEverywhere};
  rule(Id::maximum_packet_size) = {Type::u32, Values::not_zero, at({connect, connack})};
  rule(Id::wildcard_subscription_available) = {Type::byte, Values::flag, at({connack})};
  rule(Id::subscription_identifier_available) = {Type::byte, Values::flag, at({connack})};
  rule(Id::shared_subscription_available) = {Type::byte, Values::flag, at({connack})};
  return rules;
}();

bool value_is_allowed(Values values, uint32_t number) {
  if (values == Values::flag) return number <= 1;
  return values == Values::any || number != 0;
}

}  // namespace

PropertyReader::PropertyReader(Reader& packet, PropertyPlace place, Sender sender)
    : section_(packet.take(packet.varint())), place_(place), sender_(sender) {
  if (packet.failed()) refuse(ReasonCode::malformed_packet);
}

bool PropertyReader::next(Property& property) {
  if (section_.empty() || status_ != ReasonCode::success) return false;
  const uint32_t id = section_.varint();
  if (id >= kIdCount || kRules[id].type == Type::none) return refuse(ReasonCode::malformed_packet);
  property.id = static_cast<PropertyId>(id);
  return check_use(property.id) && read_value(property);
}

bool PropertyReader::check_use(PropertyId id) {
  const Rule& rule = kRules[static_cast<size_t>(id)];
  const unsigned here = 1U << static_cast<unsigned>(place_);
  const uint64_t bit = uint64_t{1} << static_cast<unsigned>(id);
  if ((rule.places & here) == 0) return refuse(ReasonCode::malformed_packet);
  const uint16_t other_side = sender_ == Sender::client ? rule.server_only : rule.client_only;
  if ((other_side & here) != 0) return refuse(ReasonCode::protocol_error);
  if ((seen_ & bit) != 0 && (rule.repeats & here) == 0) return refuse(ReasonCode::protocol_error);
  seen_ |= bit;
  return true;
}

bool PropertyReader::read_value(Property& property) {
  const Rule& rule = kRules[static_cast<size_t>(property.id)];
  property.number = 0;
  switch (rule.type) {
    case Type::byte:
      property.number = section_.u8();
      break;
    case Type::u16:
      property.number = section_.u16();
      break;
    case Type::u32:
      property.number = section_.u32();
      break;
    case Type::varint:
      property.number = section_.varint();
      break;
    case Type::text:
      property.text = section_.utf8();
      break;
    case Type::binary:
      property.text = section_.binary();
      break;
    case Type::pair:
      property.text = section_.utf8();
      property.value = section_.utf8();
      break;
    case Type::none:
      break;
  }
  if (section_.failed()) return refuse(ReasonCode::malformed_packet);
  return value_is_allowed(rule.values, property.number) || refuse(ReasonCode::protocol_error);
}

ReasonCode skip_properties(Reader& packet, PropertyPlace place, std::string_view* reason_string) {
  PropertyReader properties(packet, place);
  Property property;
  while (properties.next(property)) {
    if (reason_string != nullptr && property.id == PropertyId::reason_string) *reason_string = property.text;
  }
  return properties.status();
}

void MessageProperties::clear() {
  payload_is_utf8 = false;
  expiry_s.reset();
  content_type = {};
  response_topic = {};
  correlation_data = {};
  user.clear();
}

std::shared_ptr<const core::Properties> to_core(const MessageProperties& properties) {
  if (!properties.payload_is_utf8 && properties.content_type.empty() && properties.response_topic.empty() &&
      properties.correlation_data.empty() && properties.user.empty()) {
    return nullptr;
  }
  auto copy = std::make_shared<core::Properties>();
  copy->payload_is_utf8 = properties.payload_is_utf8;
  copy->content_type = properties.content_type;
  copy->response_topic = properties.response_topic;
  copy->correlation_data = properties.correlation_data;
  copy->user.reserve(properties.user.size());
  for (const auto& [name, value] : properties.user)
    copy->user.push_back({std::string(name), std::string(value)});
  return copy;
}

ReasonCode take_message_property(const Property& property, MessageProperties& properties) {
  switch (property.id) {
    case PropertyId::payload_format_indicator:
      properties.payload_is_utf8 = property.number == 1;
      break;
    case PropertyId::message_expiry_interval:
      properties.expiry_s = property.number;
      break;
    case PropertyId::content_type:
      properties.content_type = property.text;
      break;
    case PropertyId::correlation_data:
      properties.correlation_data = property.text;
      break;
    case PropertyId::user_property:
      properties.user.push_back({property.text, property.value});
      break;
    case PropertyId::response_topic:
      properties.response_topic = property.text;
      return check_topic_name(property.text);
    default:
      break;
  }
  return ReasonCode::success;
}

void append_property_u8(std::string& out, PropertyId id, uint8_t value) {
  append_u8(out, static_cast<uint8_t>(id));
  append_u8(out, value);
}

void append_property_u16(std::string& out, PropertyId id, uint16_t value) {
  append_u8(out, static_cast<uint8_t>(id));
  append_u16(out, value);
}

void append_property_u32(std::string& out, PropertyId id, uint32_t value) {
  append_u8(out, static_cast<uint8_t>(id));
  append_u32(out, value);
}

void append_property_string(std::string& out, PropertyId id, std::string_view text) {
  if (text.empty() || text.size() > kStringBytesMax) return;
  append_u8(out, static_cast<uint8_t>(id));
  append_string(out, text);
}

void append_reason(std::string& section, const ReasonText& reason, size_t other_bytes) {
  if (reason.text.empty()) return;
  const size_t section_bytes = section.size() + 3 + reason.text.size();
  const size_t length = other_bytes + varint_bytes(section_bytes) + section_bytes;
  if (1 + varint_bytes(length) + length > reason.packet_bytes_max) return;
  append_property_string(section, PropertyId::reason_string, reason.text);
}

void append_packet(std::string& out, uint8_t first_byte, std::string_view head, std::string_view section,
                   std::string_view payload) {
  append_u8(out, first_byte);
  append_varint(out, head.size() + varint_bytes(section.size()) + section.size() + payload.size());
  out.append(head);
  append_varint(out, section.size());
  out.append(section).append(payload);
}

}  // namespace headgate::broker
