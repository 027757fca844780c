// A strict MQTT 3.1.1 client for QoS 2: it keeps both halves of its state over its connections, as the
// standard wants and as the usual libraries do not always.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/codec/frame.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {

// Publishes numbers, 1 and on, to a topic, and is subscribed to it: it gets each of them back.
class Qos2Peer {
 public:
  Qos2Peer(std::string client_id, std::string topic)
      : client_id_(std::move(client_id)), topic_(std::move(topic)) {}

  // Connects, says again what is open, and publishes as fast as the answers allow until the connection is
  // lost.
  void run_until_lost(uint16_t port);
  // The same with one last number, until nothing is open and all have come back; false if that does not
  // happen within `patience`.
  [[nodiscard]] bool finish(uint16_t port, std::chrono::milliseconds patience);

  [[nodiscard]] uint64_t published() const { return next_ - 1; }
  // In the order of their arrival, each as often as the standard lets it through.
  [[nodiscard]] const std::vector<uint64_t>& got() const { return got_; }

 private:
  struct Open {
    uint64_t number = 0;
    bool released = false;  // PUBREC came
  };
  using Time = std::chrono::steady_clock::time_point;

  bool run(uint16_t port, Time deadline);
  void introduce(RawSocket& socket);
  void publish_more(RawSocket& socket);
  void send_publish(RawSocket& socket, uint16_t id, const Open& open, bool dup) const;
  void answer(RawSocket& socket, const broker::Frame& frame);

  std::string client_id_;
  std::string topic_;
  uint64_t next_ = 1;
  uint64_t still_to_publish_ = 0;
  uint16_t last_id_ = 0;
  std::map<uint16_t, Open> open_;
  std::deque<uint16_t> order_;  // of the ids in open_, by their first sending
  std::set<uint16_t> held_;     // received, not yet released
  std::vector<uint64_t> got_;
};

}  // namespace headgate::e2e
