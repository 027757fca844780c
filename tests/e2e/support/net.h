// Loopback TCP for tests: free ports, and a socket that says exactly what it is told to.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/e2e/support/wait.h"

namespace headgate::e2e {

// A port that nothing listened on a moment ago, and that this process has not given to anybody else.
[[nodiscard]] uint16_t free_port();

[[nodiscard]] bool accepts(uint16_t port);

// Whether somebody listens on it, by what the kernel says: nobody is connected to.
[[nodiscard]] bool is_listened_on(uint16_t port);

[[nodiscard]] sockaddr_in loopback(uint16_t port);

// A socket of the caller's, each send() of which leaves as it is; -1 if nobody listens there.
[[nodiscard]] int connect_to(uint16_t port);

// Connects on construction; a failed connect shows as closed.
class RawSocket {
 public:
  explicit RawSocket(uint16_t port);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  void send(std::string_view bytes);

  // Reads until the peer closes; false if it has not within `patience`. What came is in received().
  [[nodiscard]] bool is_closed_by_peer(std::chrono::milliseconds patience = kPatience);

  // Reads until at least `bytes` have come.
  [[nodiscard]] bool receive(size_t bytes, std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] const std::string& received() const { return received_; }

 private:
  // False when the peer has closed or patience is at its end.
  bool read_some(std::chrono::steady_clock::time_point deadline);

  int fd_ = -1;
  bool closed_ = false;
  std::string received_;
};

}  // namespace headgate::e2e
