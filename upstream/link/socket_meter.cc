#include "upstream/link/socket_meter.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

namespace headgate::upstream {
namespace {

constexpr uint64_t kIpV4Bytes = 20;
constexpr uint64_t kIpV6Bytes = 40;
constexpr uint64_t kTcpBytes = 20;
constexpr uint64_t kTimestampBytes = 12;
constexpr uint64_t kEndSegments = 4;

std::optional<tcp_info> info_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info;
}

uint64_t header_bytes(int socket, const tcp_info& info) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const bool known = ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const uint64_t ip = known && address.ss_family == AF_INET6 ? kIpV6Bytes : kIpV4Bytes;
  return ip + kTcpBytes + ((info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0 ? kTimestampBytes : 0);
}

}  // namespace

uint64_t wire_bytes_of(int socket) {
  const auto info = info_of(socket);
  if (!info) return 0;
  const uint64_t segments = uint64_t{info->tcpi_segs_out} + info->tcpi_segs_in;
  return info->tcpi_bytes_sent + info->tcpi_bytes_received + segments * header_bytes(socket, *info);
}

uint64_t wire_bytes_of_end(int socket) {
  const auto info = info_of(socket);
  return info ? kEndSegments * header_bytes(socket, *info) : 0;
}

}  // namespace headgate::upstream
