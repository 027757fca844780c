// One non-blocking socket of the load generator with its unsent and half-received bytes.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::bench {

enum class Role { publisher, subscriber, idle, leaver };
enum class State { connecting, greeting, subscribing, ready, closed };

class Connection {
 public:
  Connection(Role its_role, uint32_t its_index) : role(its_role), index(its_index) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; the socket becomes writable when that has ended. Errors: io.
  [[nodiscard]] core::Status open(const sockaddr_in& peer);

  // How the connect ended. Errors: io.
  [[nodiscard]] core::Status finish_open() const;

  // Writes what the kernel takes of `out`. False when the peer is gone.
  [[nodiscard]] bool flush();

  // Hands complete packets at the front of (leftover + data) to `take`, keeps the rest for the next time.
  template <typename Take>
  void split(std::string_view data, Take&& take);

  void close();
  [[nodiscard]] bool has_unsent() const { return out_begin_ < out.size(); }
  [[nodiscard]] size_t unsent_bytes() const { return out.size() - out_begin_; }

  const Role role;
  const uint32_t index;  // within its role
  int fd = -1;
  State state = State::connecting;
  uint32_t watched = 0;  // the epoll events asked for

  std::string out;

  // A publisher's side.
  uint64_t share = 0;  // how many messages it publishes
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint16_t last_packet_id = 0;

 private:
  size_t out_begin_ = 0;
  std::string leftover_;
};

template <typename Take>
void Connection::split(std::string_view data, Take&& take) {
  if (!leftover_.empty()) {
    leftover_.append(data);
    data = leftover_;
  }
  const size_t used = take(data);
  if (leftover_.empty()) {
    leftover_.assign(data.substr(used));
  } else {
    leftover_.erase(0, used);
  }
}

}  // namespace headgate::bench
