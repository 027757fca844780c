#include "broker/codec/packets/auth.h"

#include "broker/codec/properties.h"

namespace headgate::broker {
namespace {

ReasonCode decode_properties(Reader& packet, Auth& out) {
  PropertyReader properties(packet, PropertyPlace::auth);
  Property property;
  bool has_method = false;
  while (properties.next(property)) {
    if (property.id == PropertyId::authentication_data) out.data = property.text;
    if (property.id != PropertyId::authentication_method) continue;
    out.method = property.text;
    has_method = true;
  }
  if (properties.status() != ReasonCode::success) return properties.status();
  return has_method ? ReasonCode::success : ReasonCode::protocol_error;
}

}  // namespace

ReasonCode decode_auth(std::string_view body, Version version, Auth& out) {
  out = {};
  if (version == Version::v3_1_1) return ReasonCode::malformed_packet;
  Reader packet(body);
  if (!packet.empty()) out.reason = static_cast<ReasonCode>(packet.u8());
  if (out.reason != ReasonCode::continue_authentication && out.reason != ReasonCode::reauthenticate)
    return ReasonCode::protocol_error;
  const ReasonCode reason = decode_properties(packet, out);
  if (reason != ReasonCode::success) return reason;
  return packet.done() ? ReasonCode::success : ReasonCode::malformed_packet;
}

void encode_auth(const Auth& auth, std::string& out, const ReasonText& reason_text) {
  constexpr uint8_t kFirstByte = 0xF0;
  std::string section;
  append_property_string(section, PropertyId::authentication_method, auth.method);
  append_property_string(section, PropertyId::authentication_data, auth.data);
  append_reason(section, reason_text, 1);
  const auto code = static_cast<char>(auth.reason);
  append_packet(out, kFirstByte, {&code, 1}, section);
}

}  // namespace headgate::broker
