// An MQTT client that does what a test says, packet by packet, with no socket: its bytes go straight into a
// Broker, and what comes back is read as text, one line a packet:
//
//   CONNACK 00 · CONNACK 00 present · PUBLISH q1 id3 dup retain t=hello · PUBACK 3 · PUBREC 3 97
//   PUBLISH q0 expiry60 sub5 utf8 type:text reply:r corr:7 key:value t=hello
//   SUBACK 5 00 01 9E · UNSUBACK 6 11 · PINGRESP · DISCONNECT 8E · closed
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/codec/packets/connack.h"
#include "broker/codec/packets/connect.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/session/channel.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_shell.h"

namespace headgate::testing {

using Lines = std::vector<std::string>;

// A clean session of that version.
broker::Connect v5(std::string_view client_id);
broker::Connect v3(std::string_view client_id);
// The same with a session that outlives its connection (in 3.1.1 for as long as the broker grants).
broker::Connect kept(broker::Connect connect, uint32_t expiry_s = 3600);
broker::Connect with_will(broker::Connect connect, uint32_t delay_s = 0);  // "will=gone", QoS 1

broker::Publish qos0(std::string_view topic, std::string_view payload);
broker::Publish qos1(uint16_t packet_id, std::string_view topic, std::string_view payload);
broker::Publish qos2(uint16_t packet_id, std::string_view topic, std::string_view payload);
broker::Publish dup(broker::Publish publish);

broker::SubscriptionRequest to(std::string_view filter, uint8_t qos = 0);

class ScriptedClient {
 public:
  // Both must outlive the client.
  ScriptedClient(broker::Broker& broker, const ManualClock& clock) : broker_(broker), clock_(clock) {
    shell_.on_offer = [this] { give_to_socket(); };
  }
  ~ScriptedClient() { drop(); }
  ScriptedClient(const ScriptedClient&) = delete;
  ScriptedClient& operator=(const ScriptedClient&) = delete;

  // A new network connection; the one before is dropped. connect() also introduces itself.
  void open();
  // By which listener connections come in from now on; null: one of the defaults.
  void come_in_by(std::shared_ptr<const broker::ListenerPolicy> policy) { policy_ = std::move(policy); }
  // In which version the client reads and writes until it connects: for a CONNECT that a test sends as bytes.
  void speak(broker::Version version) { version_ = version; }
  Lines connect(const broker::Connect& connect);
  // The network connection is lost without a word.
  void drop();
  // The hub was killed: the connection is gone, and its broker is not told.
  void lose_hub();

  // Each sends one packet, and gives what has come since the last time.
  Lines publish(const broker::Publish& publish);
  Lines ack(broker::PacketType type, uint16_t packet_id,
            broker::ReasonCode reason = broker::ReasonCode::success);
  Lines puback(uint16_t packet_id) { return ack(broker::PacketType::puback, packet_id); }
  Lines pubrec(uint16_t packet_id) { return ack(broker::PacketType::pubrec, packet_id); }
  Lines pubrel(uint16_t packet_id) { return ack(broker::PacketType::pubrel, packet_id); }
  Lines pubcomp(uint16_t packet_id) { return ack(broker::PacketType::pubcomp, packet_id); }
  Lines subscribe(uint16_t packet_id, std::vector<broker::SubscriptionRequest> requests,
                  uint32_t subscription_id = 0);
  Lines unsubscribe(uint16_t packet_id, const std::vector<std::string_view>& filters);
  Lines ping();
  Lines disconnect(const broker::Disconnect& disconnect = {});
  // Any bytes, in one read.
  Lines send(std::string_view bytes);

  // What has come since the last time, "closed" last if the broker has ended the connection.
  Lines read();
  // Takes nothing from the socket until resume().
  void stall() { stalled_ = true; }
  void resume();

  [[nodiscard]] bool is_open() const { return channel_ != nullptr; }
  [[nodiscard]] bool is_read() const { return channel_ && broker_.wants_bytes(*channel_); }
  [[nodiscard]] broker::Channel& channel() { return *channel_; }
  [[nodiscard]] const RecordingShell& shell() const { return shell_; }
  // The last CONNACK; its views stay good until the next.
  [[nodiscard]] const broker::Connack& connack() const { return connack_; }
  // The reason string of the last packet that could have one; empty: it had none.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] size_t bytes_received() const { return bytes_received_; }
  [[nodiscard]] size_t largest_packet() const { return largest_packet_; }

 private:
  void flush();
  void give_to_socket();
  void finish();
  void take_from_socket();
  std::string text_of(const broker::Frame& frame);
  std::string text_of_answers(const broker::Frame& frame);
  std::string text_of_ack(const broker::Frame& frame);

  broker::Broker& broker_;
  const ManualClock& clock_;
  RecordingShell shell_;
  std::shared_ptr<const broker::ListenerPolicy> policy_;
  std::unique_ptr<broker::Channel> channel_;
  broker::Version version_ = broker::Version::v5;
  bool stalled_ = false;
  std::string socket_;    // sent by the broker, not yet taken by the client
  std::string received_;  // taken
  bool told_closed_ = true;
  bool good_bye_ = false;  // DISCONNECT came: nothing may follow
  std::string reason_;
  std::string connack_body_;
  broker::Connack connack_;
  size_t bytes_received_ = 0;
  size_t largest_packet_ = 0;
};

}  // namespace headgate::testing
