// Stands between a hub and its upstream broker on loopback, and loses what a test wants lost of what the broker says.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace headgate::e2e {

// Serves one connection at a time, each with one of its own to the broker. Everything goes on as it came, but for
// the packets to be lost. Ends with the object.
class LossyRelay {
 public:
  explicit LossyRelay(uint16_t broker_port);
  ~LossyRelay();
  LossyRelay(const LossyRelay&) = delete;
  LossyRelay& operator=(const LossyRelay&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }
  // The next PUBACK of the broker does not arrive.
  void lose_next_puback() { to_lose_ = 1; }
  [[nodiscard]] bool has_lost_it() const { return to_lose_ == 0; }
  [[nodiscard]] int connections() const { return connections_; }  // so far

 private:
  void serve();
  void relay(int hub, int broker);
  // Takes the whole packets off the front of what came, and returns those that are to go on.
  std::string passed(std::string& came);
  [[nodiscard]] bool loses(std::string_view packet);

  const uint16_t broker_port_;
  int listening_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> to_lose_ = -1;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace headgate::e2e
