#include "tests/bench/loadgen/wire.h"

#include <algorithm>
#include <cstring>

namespace headgate::bench {
namespace {

constexpr uint8_t kConnect = 0x10;
constexpr uint8_t kPublish = 0x30;
constexpr uint8_t kPuback = 0x40;
constexpr uint8_t kSubscribe = 0x82;
constexpr uint8_t kDisconnect = 0xE0;
constexpr uint8_t kProtocolLevel311 = 4;
constexpr uint8_t kCleanSessionFlag = 0x02;

void append_u16(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xFF));
  out.push_back(static_cast<char>(value & 0xFF));
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out.append(text);
}

std::string with_header(uint8_t first_byte, std::string_view body) {
  std::string packet(1, static_cast<char>(first_byte));
  size_t rest = body.size();
  do {
    const size_t low = rest & 0x7F;
    rest >>= 7;
    packet.push_back(static_cast<char>(rest > 0 ? low | 0x80 : low));
  } while (rest > 0);
  return packet.append(body);
}

uint16_t read_u16(std::string_view data, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(data[at]) << 8 | static_cast<uint8_t>(data[at + 1]));
}

}  // namespace

std::optional<PacketView> next_packet(std::string_view data) {
  size_t length = 0;
  for (size_t i = 1; i < data.size() && i <= 4; ++i) {
    const auto byte = static_cast<uint8_t>(data[i]);
    length |= static_cast<size_t>(byte & 0x7F) << (7 * (i - 1));
    if (byte & 0x80) continue;
    if (data.size() < i + 1 + length) return std::nullopt;
    const auto first = static_cast<uint8_t>(data[0]);
    return PacketView{static_cast<uint8_t>(first >> 4), static_cast<uint8_t>(first & 0x0F),
                      data.substr(i + 1, length), i + 1 + length};
  }
  return std::nullopt;
}

std::optional<PublishView> read_publish(const PacketView& packet) {
  if (packet.body.size() < 2) return std::nullopt;
  size_t at = 2 + size_t{read_u16(packet.body, 0)};
  PublishView view;
  view.qos = packet.flags >> 1 & 3;
  const size_t id_bytes = view.qos > 0 ? 2 : 0;
  if (packet.body.size() < at + id_bytes) return std::nullopt;
  if (view.qos > 0) view.packet_id = read_u16(packet.body, at);
  view.payload = packet.body.substr(at + id_bytes);
  return view;
}

std::string connect_packet(std::string_view client_id, bool clean_session) {
  std::string body;
  append_text(body, "MQTT");
  body.push_back(static_cast<char>(kProtocolLevel311));
  body.push_back(static_cast<char>(clean_session ? kCleanSessionFlag : 0));
  append_u16(body, 0);  // keep alive off: an idle connection must cost nothing on our side
  append_text(body, client_id);
  return with_header(kConnect, body);
}

std::string subscribe_packet(std::string_view filter, uint8_t qos) {
  std::string body;
  append_u16(body, 1);
  append_text(body, filter);
  body.push_back(static_cast<char>(qos));
  return with_header(kSubscribe, body);
}

std::string disconnect_packet() { return with_header(kDisconnect, {}); }

void append_puback(std::string& out, uint16_t packet_id) {
  const char packet[4] = {static_cast<char>(kPuback), 2, static_cast<char>(packet_id >> 8),
                          static_cast<char>(packet_id & 0xFF)};
  out.append(packet, sizeof(packet));
}

PublishTemplate::PublishTemplate(std::string_view topic, uint8_t qos, size_t payload_bytes) {
  payload_bytes = std::max(payload_bytes, sizeof(Stamp));
  std::string body;
  append_text(body, topic);
  if (qos > 0) append_u16(body, 0);
  body.append(payload_bytes, 'x');
  packet_ = with_header(static_cast<uint8_t>(kPublish | qos << 1), body);
  payload_at_ = packet_.size() - payload_bytes;
  if (qos > 0) id_at_ = payload_at_ - 2;
}

void PublishTemplate::append_to(std::string& out, uint16_t packet_id, std::string_view head) const {
  const size_t begin = out.size();
  out.append(packet_);
  if (id_at_ > 0) {
    out[begin + id_at_] = static_cast<char>(packet_id >> 8);
    out[begin + id_at_ + 1] = static_cast<char>(packet_id & 0xFF);
  }
  std::memcpy(out.data() + begin + payload_at_, head.data(), head.size());
}

}  // namespace headgate::bench
