// The few MQTT packets a load generator needs, of 3.1.1 and 5.0: builders into flat buffers, and a splitter
// for what comes back. Not the hub's codec on purpose: a bench must not share a bug with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::tools::bench {

enum class Version : uint8_t { v311 = 4, v5 = 5 };  // the protocol level of CONNECT

enum class PacketType : uint8_t {
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  suback = 9,
  pingresp = 13,
  disconnect = 14,
};

// A packet as it lies in the read buffer; `body` follows the fixed header.
struct PacketView {
  PacketType type{};
  uint8_t flags = 0;
  std::string_view body;
  size_t bytes = 0;  // fixed header and body together
};

// The packet at the front of `data`; nullopt while it is incomplete.
[[nodiscard]] std::optional<PacketView> next_packet(std::string_view data);

// Facts of a PUBLISH that a subscriber needs.
struct PublishView {
  uint8_t qos = 0;
  bool retain = false;
  uint16_t packet_id = 0;  // 0 with QoS 0
  std::string_view payload = {};
};

[[nodiscard]] std::optional<PublishView> read_publish(const PacketView& packet, Version version);

// An answer: CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or DISCONNECT.
struct AnswerView {
  uint16_t packet_id = 0;            // where it has one
  uint8_t code = 0;                  // 0 where it has none; of a SUBACK the first
  bool session_present = false;      // CONNACK
  uint16_t receive_maximum = 65535;  // CONNACK
  std::string_view reason = {};      // what the broker says in words
};

[[nodiscard]] std::optional<AnswerView> read_answer(const PacketView& packet, Version version);

// Why a CONNECT (3.1.1: its return code), a SUBSCRIBE or a PUBLISH was refused, for people: the broker's own
// words where it has any.
[[nodiscard]] std::string reason_text(const AnswerView& answer, Version version);

struct ConnectFields {
  std::string client_id;
  Version version = Version::v311;
  bool clean = true;
  uint32_t session_expiry_s = 0;  // MQTT 5
  uint16_t keep_alive_s = 0;
  std::string username = {};  // empty: none
  std::string password = {};
};

[[nodiscard]] std::string connect_packet(const ConnectFields& fields);
[[nodiscard]] std::string subscribe_packet(std::string_view filter, uint8_t qos, Version version);
[[nodiscard]] std::string disconnect_packet();
[[nodiscard]] std::string pingreq_packet();

// Appends the four bytes of a PUBACK, PUBREC, PUBREL or PUBCOMP that means success.
void append_ack(std::string& out, PacketType type, uint16_t packet_id);

// The first bytes of every payload, so that a subscriber can tell latency and order. Host byte order: it is
// believed only by processes of the same boot of the same machine.
struct Stamp {
  uint32_t boot = 0;  // which boot: this_boot()
  uint32_t run = 0;   // which process
  uint32_t publisher = 0;
  uint32_t number = 0;  // counts from 0 per publisher
  int64_t sent_ns = 0;  // CLOCK_MONOTONIC
};

// A number that differs from boot to boot and from machine to machine.
[[nodiscard]] uint32_t this_boot();

// A PUBLISH built once and copied for each message, with the packet id and the payload's head written over
// it.
class PublishTemplate {
 public:
  PublishTemplate(std::string_view topic, uint8_t qos, bool retain, size_t payload_bytes, Version version);

  // `head` replaces the first bytes of the payload; what does not fit is left out.
  void append_to(std::string& out, uint16_t packet_id, std::string_view head) const;

 private:
  std::string packet_;
  size_t id_at_ = 0;  // 0 with QoS 0
  size_t payload_at_ = 0;
};

}  // namespace headgate::tools::bench
