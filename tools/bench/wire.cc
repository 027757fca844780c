#include "tools/bench/wire.h"

#include <algorithm>
#include <fstream>
#include <functional>

namespace headgate::tools::bench {
namespace {

constexpr uint8_t kConnect = 0x10;
constexpr uint8_t kPublish = 0x30;
constexpr uint8_t kSubscribe = 0x82;
constexpr uint8_t kPingreq = 0xC0;
constexpr uint8_t kDisconnect = 0xE0;

constexpr uint8_t kCleanFlag = 0x02;
constexpr uint8_t kPasswordFlag = 0x40;
constexpr uint8_t kUsernameFlag = 0x80;

// MQTT 5 properties that are read or written here.
constexpr uint8_t kSessionExpiry = 0x11;
constexpr uint8_t kReasonString = 0x1F;
constexpr uint8_t kReceiveMaximum = 0x21;

void append_u16(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xFF));
  out.push_back(static_cast<char>(value & 0xFF));
}

void append_u32(std::string& out, uint32_t value) {
  append_u16(out, value >> 16);
  append_u16(out, value & 0xFFFF);
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out.append(text);
}

void append_length(std::string& out, size_t length) {
  do {
    const size_t low = length & 0x7F;
    length >>= 7;
    out.push_back(static_cast<char>(length > 0 ? low | 0x80 : low));
  } while (length > 0);
}

std::string with_header(unsigned first_byte, std::string_view body) {
  std::string packet(1, static_cast<char>(first_byte));
  append_length(packet, body.size());
  return packet.append(body);
}

uint8_t byte_at(std::string_view data, size_t at) { return static_cast<uint8_t>(data[at]); }

uint16_t read_u16(std::string_view data, size_t at) {
  return static_cast<uint16_t>(byte_at(data, at) << 8 | byte_at(data, at + 1));
}

struct Length {
  size_t value = 0;
  size_t bytes = 0;
};

// A variable byte integer; nullopt if it is not whole.
std::optional<Length> read_length(std::string_view data) {
  size_t value = 0;
  for (size_t i = 0; i < data.size() && i < 4; ++i) {
    value |= static_cast<size_t>(byte_at(data, i) & 0x7F) << (7 * i);
    if ((byte_at(data, i) & 0x80) == 0) return Length{value, i + 1};
  }
  return std::nullopt;
}

// How many bytes the property's value has; nullopt for what is not in MQTT 5.0 or not whole.
std::optional<size_t> value_bytes(uint8_t id, std::string_view rest) {
  const auto text_at = [&](size_t at) -> size_t {
    return at + 2 <= rest.size() ? 2 + read_u16(rest, at) : 2;
  };
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return 1;
    case 0x13:
    case kReceiveMaximum:
    case 0x22:
    case 0x23:
      return 2;
    case 0x02:
    case kSessionExpiry:
    case 0x18:
    case 0x27:
      return 4;
    case 0x0B: {
      const auto length = read_length(rest);
      return length ? std::optional(length->bytes) : std::nullopt;
    }
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case kReasonString:
      return text_at(0);
    case 0x26:
      return text_at(0) + text_at(text_at(0));
    default:
      return std::nullopt;
  }
}

void read_properties(std::string_view properties, AnswerView& into) {
  while (!properties.empty()) {
    const uint8_t id = byte_at(properties, 0);
    properties.remove_prefix(1);
    const auto bytes = value_bytes(id, properties);
    if (!bytes || *bytes > properties.size()) return;
    if (id == kReceiveMaximum) into.receive_maximum = read_u16(properties, 0);
    if (id == kReasonString) into.reason = properties.substr(2, *bytes - 2);
    properties.remove_prefix(*bytes);
  }
}

// Takes the properties off the front of `rest`; false if they are not whole.
bool take_properties(std::string_view& rest, AnswerView& into) {
  const auto length = read_length(rest);
  if (!length || length->bytes + length->value > rest.size()) return false;
  read_properties(rest.substr(length->bytes, length->value), into);
  rest.remove_prefix(length->bytes + length->value);
  return true;
}

std::optional<AnswerView> read_connack(std::string_view body, Version version) {
  if (body.size() < 2) return std::nullopt;
  AnswerView answer{.code = byte_at(body, 1), .session_present = (byte_at(body, 0) & 1) != 0};
  body.remove_prefix(2);
  if (version == Version::v5 && !take_properties(body, answer)) return std::nullopt;
  return answer;
}

std::optional<AnswerView> read_suback(std::string_view body, Version version) {
  if (body.size() < 3) return std::nullopt;
  AnswerView answer{.packet_id = read_u16(body, 0)};
  body.remove_prefix(2);
  if (version == Version::v5 && !take_properties(body, answer)) return std::nullopt;
  if (body.empty()) return std::nullopt;
  answer.code = byte_at(body, 0);
  return answer;
}

// PUBACK and its like have their code and properties only when there is something to say.
std::optional<AnswerView> read_short(std::string_view body, size_t id_bytes) {
  if (body.size() < id_bytes) return std::nullopt;
  AnswerView answer;
  if (id_bytes > 0) answer.packet_id = read_u16(body, 0);
  body.remove_prefix(id_bytes);
  if (body.empty()) return answer;
  answer.code = byte_at(body, 0);
  body.remove_prefix(1);
  if (!body.empty()) take_properties(body, answer);
  return answer;
}

struct CodeText {
  uint8_t code;
  const char* text;
};

constexpr CodeText kConnackCodes311[] = {
    {1, "unacceptable protocol version"}, {2, "client id rejected"}, {3, "server unavailable"},
    {4, "bad user name or password"},     {5, "not authorized"},     {0x80, "refused"}};

constexpr CodeText kReasonCodes5[] = {{0x80, "unspecified error"},
                                      {0x81, "malformed packet"},
                                      {0x82, "protocol error"},
                                      {0x83, "implementation specific error"},
                                      {0x84, "unsupported protocol version"},
                                      {0x85, "client id not valid"},
                                      {0x86, "bad user name or password"},
                                      {0x87, "not authorized"},
                                      {0x88, "server unavailable"},
                                      {0x89, "server busy"},
                                      {0x8A, "banned"},
                                      {0x8B, "server shutting down"},
                                      {0x8D, "keep alive timeout"},
                                      {0x8E, "session taken over"},
                                      {0x8F, "topic filter invalid"},
                                      {0x90, "topic name invalid"},
                                      {0x93, "receive maximum exceeded"},
                                      {0x95, "packet too large"},
                                      {0x96, "message rate too high"},
                                      {0x97, "quota exceeded"},
                                      {0x98, "administrative action"},
                                      {0x99, "payload format invalid"},
                                      {0x9A, "retain not supported"},
                                      {0x9B, "QoS not supported"},
                                      {0x9C, "use another server"},
                                      {0x9D, "server moved"},
                                      {0x9E, "shared subscriptions not supported"},
                                      {0x9F, "connection rate exceeded"},
                                      {0xA1, "subscription identifiers not supported"},
                                      {0xA2, "wildcard subscriptions not supported"}};

template <size_t kSize>
std::string text_of(const CodeText (&table)[kSize], uint8_t code) {
  const auto* const found = std::ranges::find(table, code, &CodeText::code);
  return found != std::end(table) ? found->text : "code " + std::to_string(code);
}

}  // namespace

std::optional<PacketView> next_packet(std::string_view data) {
  if (data.size() < 2) return std::nullopt;
  const auto length = read_length(data.substr(1));
  if (!length || data.size() < 1 + length->bytes + length->value) return std::nullopt;
  const uint8_t first = byte_at(data, 0);
  return PacketView{static_cast<PacketType>(first >> 4), static_cast<uint8_t>(first & 0x0F),
                    data.substr(1 + length->bytes, length->value), 1 + length->bytes + length->value};
}

std::optional<PublishView> read_publish(const PacketView& packet, Version version) {
  if (packet.body.size() < 2) return std::nullopt;
  size_t at = 2 + size_t{read_u16(packet.body, 0)};
  PublishView view{.qos = static_cast<uint8_t>(packet.flags >> 1 & 3), .retain = (packet.flags & 1) != 0};
  const size_t id_bytes = view.qos > 0 ? 2 : 0;
  if (packet.body.size() < at + id_bytes) return std::nullopt;
  if (view.qos > 0) view.packet_id = read_u16(packet.body, at);
  at += id_bytes;
  if (version == Version::v5) {
    const auto properties = read_length(packet.body.substr(at));
    if (!properties) return std::nullopt;
    at += properties->bytes + properties->value;
    if (at > packet.body.size()) return std::nullopt;
  }
  view.payload = packet.body.substr(at);
  return view;
}

std::optional<AnswerView> read_answer(const PacketView& packet, Version version) {
  switch (packet.type) {
    case PacketType::connack:
      return read_connack(packet.body, version);
    case PacketType::suback:
      return read_suback(packet.body, version);
    case PacketType::disconnect:
      return read_short(packet.body, 0);
    default:
      return read_short(packet.body, 2);
  }
}

std::string reason_text(const AnswerView& answer, Version version) {
  const std::string text =
      version == Version::v5 ? text_of(kReasonCodes5, answer.code) : text_of(kConnackCodes311, answer.code);
  return answer.reason.empty() ? text : text + " (" + std::string(answer.reason) + ")";
}

std::string connect_packet(const ConnectFields& fields) {
  std::string body;
  append_text(body, "MQTT");
  body.push_back(static_cast<char>(fields.version));
  const bool named = !fields.username.empty();
  body.push_back(static_cast<char>((fields.clean ? kCleanFlag : 0) | (named ? kUsernameFlag : 0) |
                                   (named && !fields.password.empty() ? kPasswordFlag : 0)));
  append_u16(body, fields.keep_alive_s);
  if (fields.version == Version::v5) {
    body.push_back(static_cast<char>(fields.session_expiry_s > 0 ? 5 : 0));
    if (fields.session_expiry_s > 0) body.push_back(static_cast<char>(kSessionExpiry));
    if (fields.session_expiry_s > 0) append_u32(body, fields.session_expiry_s);
  }
  append_text(body, fields.client_id);
  if (named) append_text(body, fields.username);
  if (named && !fields.password.empty()) append_text(body, fields.password);
  return with_header(kConnect, body);
}

std::string subscribe_packet(std::string_view filter, uint8_t qos, Version version) {
  std::string body;
  append_u16(body, 1);
  if (version == Version::v5) body.push_back(0);
  append_text(body, filter);
  body.push_back(static_cast<char>(qos));
  return with_header(kSubscribe, body);
}

std::string disconnect_packet() { return with_header(kDisconnect, {}); }
std::string pingreq_packet() { return with_header(kPingreq, {}); }

void append_ack(std::string& out, PacketType type, uint16_t packet_id) {
  const unsigned flags = type == PacketType::pubrel ? 2 : 0;
  const char packet[4] = {static_cast<char>(static_cast<unsigned>(type) << 4 | flags), 2,
                          static_cast<char>(packet_id >> 8), static_cast<char>(packet_id & 0xFF)};
  out.append(packet, sizeof(packet));
}

uint32_t this_boot() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return static_cast<uint32_t>(std::hash<std::string>{}(id));
}

PublishTemplate::PublishTemplate(std::string_view topic, uint8_t qos, bool retain, size_t payload_bytes,
                                 Version version) {
  std::string body;
  append_text(body, topic);
  const size_t id_in_body = body.size();
  if (qos > 0) append_u16(body, 0);
  if (version == Version::v5) body.push_back(0);  // no properties
  const size_t before_payload = body.size();
  body.append(payload_bytes, 'x');
  packet_ = with_header(kPublish | static_cast<unsigned>(qos) << 1 | (retain ? 1U : 0U), body);
  payload_at_ = packet_.size() - body.size() + before_payload;
  if (qos > 0) id_at_ = packet_.size() - body.size() + id_in_body;
}

void PublishTemplate::append_to(std::string& out, uint16_t packet_id, std::string_view head) const {
  const size_t begin = out.size();
  out.append(packet_);
  if (id_at_ > 0) {
    out[begin + id_at_] = static_cast<char>(packet_id >> 8);
    out[begin + id_at_ + 1] = static_cast<char>(packet_id & 0xFF);
  }
  head = head.substr(0, packet_.size() - payload_at_);
  std::copy(head.begin(), head.end(), out.data() + begin + payload_at_);
}

}  // namespace headgate::tools::bench
