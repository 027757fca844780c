// The few MQTT 3.1.1 packets a load generator needs: builders into flat buffers, and a splitter for what
// comes back. Not the hub's codec on purpose: a bench must not share a bug with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::bench {

enum class PacketType : uint8_t {
  connack = 2,
  publish = 3,
  puback = 4,
  suback = 9,
};

// One packet as it lies in the read buffer; `body` is what follows the fixed header.
struct PacketView {
  uint8_t type = 0;
  uint8_t flags = 0;
  std::string_view body;
  size_t bytes = 0;  // fixed header and body together
};

// The packet at the front of `data`; nullopt while it is incomplete.
[[nodiscard]] std::optional<PacketView> next_packet(std::string_view data);

// What a subscriber wants to know of a PUBLISH.
struct PublishView {
  uint8_t qos = 0;
  uint16_t packet_id = 0;  // 0 with QoS 0
  std::string_view payload;
};

[[nodiscard]] std::optional<PublishView> read_publish(const PacketView& packet);

[[nodiscard]] std::string connect_packet(std::string_view client_id, bool clean_session);
[[nodiscard]] std::string subscribe_packet(std::string_view filter, uint8_t qos);
[[nodiscard]] std::string disconnect_packet();

// Appends the four bytes of a PUBACK.
void append_puback(std::string& out, uint16_t packet_id);

// The first bytes of every payload, so that a subscriber can tell latency and order. Host byte order: both
// ends are one process.
struct Stamp {
  int64_t sent_ns = 0;  // CLOCK_MONOTONIC
  uint32_t publisher = 0;
  uint32_t number = 0;  // counts from 0 per publisher
};

// A PUBLISH built once and copied for each message, with the packet id and the payload's head written over
// it.
class PublishTemplate {
 public:
  // `payload_bytes` is raised to hold a Stamp.
  PublishTemplate(std::string_view topic, uint8_t qos, size_t payload_bytes);

  // `head` replaces the first bytes of the payload; it must not be longer than that.
  void append_to(std::string& out, uint16_t packet_id, std::string_view head) const;
  [[nodiscard]] size_t bytes() const { return packet_.size(); }

 private:
  std::string packet_;
  size_t id_at_ = 0;  // 0 with QoS 0
  size_t payload_at_ = 0;
};

}  // namespace headgate::bench
