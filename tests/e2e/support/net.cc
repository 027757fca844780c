#include "tests/e2e/support/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <set>

namespace headgate::e2e {
sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;  // each send() leaves as it is
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

namespace {

// Port that nothing listens on now.
uint16_t unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

uint16_t free_port() {
  static std::mutex mutex;
  static std::set<uint16_t> given;  // the system may name one again that nobody listens on yet
  const std::lock_guard lock(mutex);
  for (;;) {
    const uint16_t port = unused_port();
    if (given.insert(port).second) return port;
  }
}

bool is_listened_on(uint16_t port) {
  constexpr unsigned kListen = 0x0A;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      unsigned local_port = 0;
      unsigned state = 0;
      const int read =
          std::sscanf(line.c_str(), " %*d: %*[0-9A-F]:%X %*[0-9A-F]:%*X %X", &local_port, &state);
      if (read == 2 && local_port == port && state == kListen) return true;
    }
  }
  return false;
}

bool accepts(uint16_t port) {
  const int fd = connect_to(port);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

RawSocket::RawSocket(uint16_t port) : fd_(connect_to(port)), closed_(fd_ < 0) {}

RawSocket::~RawSocket() {
  if (fd_ >= 0) ::close(fd_);
}

void RawSocket::send(std::string_view bytes) {
  while (!bytes.empty() && fd_ >= 0) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // the peer is gone, which is_closed_by_peer() will tell
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

bool RawSocket::is_closed_by_peer(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (read_some(deadline)) continue;
  return closed_;
}

bool RawSocket::receive(size_t bytes, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (received_.size() < bytes && read_some(deadline)) continue;
  return received_.size() >= bytes;
}

bool RawSocket::read_some(std::chrono::steady_clock::time_point deadline) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  const auto left = duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
  if (closed_ || left <= 0ms) return false;
  pollfd readable{fd_, POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  closed_ = n <= 0;
  if (n > 0) received_.append(buffer.data(), static_cast<size_t>(n));
  return n > 0;
}

}  // namespace headgate::e2e
