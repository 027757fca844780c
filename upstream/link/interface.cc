#include "upstream/link/interface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace headgate::upstream {
namespace {

constexpr int kTable = 42;  // in the advice; any that is free does

// An address of either family, as bytes.
struct Address {
  int family = AF_UNSPEC;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};

  [[nodiscard]] size_t size() const { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }
  [[nodiscard]] std::string text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? "" : text.data();
  }
};

std::optional<Address> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  Address address;
  address.family = from->sa_family;
  if (address.family == AF_INET) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(from)->sin_addr, address.size());
  } else if (address.family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&v6)) return std::nullopt;  // leads nowhere that has a name
    std::memcpy(address.bytes.data(), &v6, address.size());
  } else {
    return std::nullopt;
  }
  return address;
}

struct FreeLookup {
  void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
};

core::Result<Address> look_up(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0)
    return core::fail(core::Errc::io, host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, FreeLookup> all(found);
  const auto first = address_of(all->ai_addr);
  if (!first) return core::fail(core::Errc::io, host + " has no address that can be used");
  return *first;
}

struct FreeInterfaces {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

// Address of that family that the interface has.
std::optional<Address> address_on(const std::string& interface, int family) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, FreeInterfaces> all(list);
  for (const ifaddrs* it = list; it != nullptr; it = it->ifa_next) {
    if (interface != it->ifa_name) continue;
    const auto address = address_of(it->ifa_addr);
    if (address && address->family == family) return address;
  }
  return std::nullopt;
}

// RTM_GETROUTE for one destination and source.
struct RouteRequest {
  nlmsghdr header{};
  rtmsg route{};
  std::array<unsigned char, 128> attributes{};

  void add(unsigned short type, const Address& address) {
    rtattr attribute{};
    attribute.rta_type = type;
    attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(address.size()));
    unsigned char* const at = attributes.data() + (header.nlmsg_len - NLMSG_LENGTH(sizeof(rtmsg)));
    std::memcpy(at, &attribute, sizeof(attribute));
    std::memcpy(at + RTA_LENGTH(0), address.bytes.data(), address.size());
    header.nlmsg_len += static_cast<unsigned>(RTA_ALIGN(attribute.rta_len));
  }
};

// Index of the interface in the answer; 0: there is no route.
int interface_in(const unsigned char* answer, size_t size) {
  nlmsghdr header{};
  if (size < NLMSG_LENGTH(sizeof(rtmsg))) return 0;
  std::memcpy(&header, answer, sizeof(header));
  if (header.nlmsg_type != RTM_NEWROUTE) return 0;
  for (size_t at = NLMSG_LENGTH(sizeof(rtmsg)); at + sizeof(rtattr) <= size;) {
    rtattr attribute{};
    std::memcpy(&attribute, answer + at, sizeof(attribute));
    if (attribute.rta_len < sizeof(rtattr)) return 0;
    if (attribute.rta_type == RTA_OIF && at + RTA_LENGTH(sizeof(int)) <= size) {
      int index = 0;
      std::memcpy(&index, answer + at + RTA_LENGTH(0), sizeof(index));
      return index;
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  return 0;
}

core::Result<int> leaves_by(const Address& from, const Address& to) {
  RouteRequest request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.route.rtm_family = static_cast<unsigned char>(to.family);
  request.route.rtm_dst_len = request.route.rtm_src_len = static_cast<unsigned char>(to.size() * 8);
  request.add(RTA_DST, to);
  request.add(RTA_SRC, from);
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return core::fail(core::Errc::io, std::strerror(errno));
  std::array<unsigned char, 4096> answer{};
  ssize_t size = ::send(socket, &request, request.header.nlmsg_len, 0);
  if (size >= 0) size = ::recv(socket, answer.data(), answer.size(), 0);
  const int error = errno;
  ::close(socket);
  if (size < 0) return core::fail(core::Errc::io, std::strerror(error));
  return interface_in(answer.data(), static_cast<size_t>(size));
}

}  // namespace

core::Result<std::string> address_to_leave_by(const std::string& interface, const std::string& host) {
  const unsigned wanted = ::if_nametoindex(interface.c_str());
  if (wanted == 0) return core::fail(core::Errc::not_found, "there is no interface " + interface);
  const auto to = look_up(host);
  if (!to) return core::fail(to.error());
  const auto from = address_on(interface, to->family);
  if (!from)
    return core::fail(core::Errc::not_found, interface + " has no address to reach " + host + " from");
  const auto index = leaves_by(*from, *to);
  if (!index) return core::fail(index.error());
  if (*index == static_cast<int>(wanted)) return from->text();
  std::array<char, IF_NAMESIZE> other{};
  const bool known = *index != 0 && ::if_indextoname(static_cast<unsigned>(*index), other.data()) != nullptr;
  return core::fail(core::Errc::unavailable,
                    "packets from " + from->text() + " would leave by " +
                        (known ? other.data() : "no interface") + ", not by " + interface +
                        "; let the system route by it: ip rule add from " + from->text() + " lookup " +
                        std::to_string(kTable) + ", and ip route add default via GATEWAY dev " + interface +
                        " table " + std::to_string(kTable));
}

}  // namespace headgate::upstream
