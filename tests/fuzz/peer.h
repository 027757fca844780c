// A client of a fuzzed broker that holds it to what the standard promises every client.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "broker/codec/frame.h"
#include "broker/codec/packets/connect.h"
#include "broker/session/channel.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_shell.h"

namespace headgate::fuzz {

// Its bytes go straight into the broker. All that the broker writes is parsed at once, whether the client's
// socket takes it or not, and judged: it must be packets, nothing may follow DISCONNECT, deliveries may not
// exceed the window, use an id twice, be larger than the client takes, or have an alias that it does not
// know.
class Peer {
 public:
  // Both must outlive the peer.
  Peer(broker::Broker& broker, const testing::ManualClock& clock, const broker::SessionLimits& limits)
      : broker_(broker), clock_(clock), limits_(limits) {}

  void open();
  void connect(const broker::Connect& connect);
  void drop();
  // What the client has made; acknowledgements in it are the caller's to report with acked().
  void send(std::string_view bytes);
  // Any bytes: what the client owes and is owed is unknown from then on.
  void send_raw(std::string_view bytes);
  void acked(broker::PacketType type, uint16_t packet_id, bool refused);
  // Takes nothing from the socket until resume().
  void stall() { stalled_ = true; }
  void resume();
  // The end of a loop turn.
  void flush();

  [[nodiscard]] bool is_open() const { return channel_ != nullptr; }
  [[nodiscard]] broker::Session* session() const { return channel_ ? channel_->session : nullptr; }
  [[nodiscard]] bool is_read() const { return channel_ && broker_.wants_bytes(*channel_); }
  [[nodiscard]] broker::Version version() const { return version_; }
  // False once it has sent bytes that nobody has counted.
  [[nodiscard]] bool counts() const { return !has_cheated_; }
  // An id of a delivery that waits for its acknowledgement, or 1.
  [[nodiscard]] uint16_t some_id(size_t which) const;

 private:
  void finish();
  void hear(std::string_view bytes);
  void hear_packet(const broker::Frame& frame);
  void hear_publish(const broker::Frame& frame);
  void hear_pubrel(const broker::Frame& frame);
  void check_bounds() const;

  broker::Broker& broker_;
  const testing::ManualClock& clock_;
  const broker::SessionLimits& limits_;
  testing::RecordingShell shell_;
  std::unique_ptr<broker::Channel> channel_;
  broker::Version version_ = broker::Version::v5;
  size_t window_ = 0;
  size_t packet_bytes_max_ = SIZE_MAX;
  uint16_t alias_max_ = 0;
  std::map<uint16_t, std::string> aliases_;  // the broker's, on this connection
  std::map<uint16_t, uint8_t> open_;         // deliveries not acknowledged on this connection, with their QoS
  std::set<uint16_t> stray_;                 // ids of PUBRECs for which nothing was open
  std::string socket_;                       // written, not yet taken by the client
  bool stalled_ = false;
  bool has_cheated_ = false;
  bool connected_ = false;  // CONNACK came
  bool good_bye_ = false;   // DISCONNECT came
};

}  // namespace headgate::fuzz
