#include "tests/e2e/support/lossy_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

constexpr int kPollMs = 50;
constexpr unsigned kPuback = 4;

bool is_readable(int fd) {
  pollfd waits{fd, POLLIN, 0};
  return ::poll(&waits, 1, 0) > 0;
}

// False at the end of the connection.
bool read_into(int fd, std::string& bytes) {
  std::array<char, 65536> buffer{};
  const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n > 0) bytes.append(buffer.data(), static_cast<size_t>(n));
  return n > 0;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// Length of the MQTT packet at the front, if all of it is there.
std::optional<size_t> packet_bytes(std::string_view bytes) {
  size_t remaining = 0;
  for (size_t i = 1; i < bytes.size() && i <= 4; ++i) {
    const auto digit = static_cast<uint8_t>(bytes[i]);
    remaining |= static_cast<size_t>(digit & 0x7F) << (7 * (i - 1));
    if ((digit & 0x80) != 0) continue;
    const size_t whole = 1 + i + remaining;
    return whole <= bytes.size() ? std::optional(whole) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

LossyRelay::LossyRelay(uint16_t broker_port)
    : broker_port_(broker_port), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
  ::listen(listening_, 16);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

LossyRelay::~LossyRelay() {
  stopping_ = true;
  thread_.join();
  ::close(listening_);
}

void LossyRelay::serve() {
  while (!stopping_) {
    pollfd waits{listening_, POLLIN, 0};
    if (::poll(&waits, 1, kPollMs) <= 0) continue;
    const int hub = ::accept(listening_, nullptr, nullptr);
    const int broker = connect_to(broker_port_);
    if (hub >= 0 && broker >= 0) {
      ++connections_;
      relay(hub, broker);
    }
    if (hub >= 0) ::close(hub);
    if (broker >= 0) ::close(broker);
  }
}

void LossyRelay::relay(int hub, int broker) {
  std::string from_broker;
  while (!stopping_) {
    std::array<pollfd, 2> waits{{{hub, POLLIN, 0}, {broker, POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), kPollMs) <= 0) continue;
    std::string from_hub;
    if (is_readable(hub)) {
      if (!read_into(hub, from_hub)) return;
      write_all(broker, from_hub);
    }
    if (is_readable(broker)) {
      if (!read_into(broker, from_broker)) return;
      write_all(hub, passed(from_broker));
    }
  }
}

std::string LossyRelay::passed(std::string& came) {
  std::string goes_on;
  while (const auto bytes = packet_bytes(came)) {
    if (!loses(std::string_view(came).substr(0, *bytes))) goes_on.append(came, 0, *bytes);
    came.erase(0, *bytes);
  }
  return goes_on;
}

bool LossyRelay::loses(std::string_view packet) {
  if (to_lose_ <= 0 || static_cast<uint8_t>(packet.front()) >> 4 != kPuback) return false;
  --to_lose_;
  return true;
}

}  // namespace headgate::e2e
