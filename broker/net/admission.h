// Who is let in, before any work is done for it: connections in all, by listener and by address, and how fast
// an address may make new ones. No socket, no clock. One loop owns it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/counters.h"
#include "broker/options.h"
#include "core/clock.h"
#include "core/enum_count.h"

namespace headgate::broker {

// Whose connections are counted together: an IPv4 address, or an IPv6 network of 64 bits, since who has one
// address of such a network has them all.
struct ClientNet {
  std::array<uint8_t, 8> bytes{};

  friend auto operator<=>(const ClientNet&, const ClientNet&) = default;
};

// Key of an address, from the bytes of a socket address; an IPv4 address inside an IPv6 one is the IPv4
// address. nullopt: loopback. This machine, Unix sockets included, is not held to limits by address.
[[nodiscard]] std::optional<ClientNet> net_of_v4(const std::array<uint8_t, 4>& address);
[[nodiscard]] std::optional<ClientNet> net_of_v6(const std::array<uint8_t, 16>& address);

enum class Refusal : uint8_t {
  none,
  connections,
  listener,
  address,
  rate,
  handshake,  // let in, but it spoke no TLS or no WebSocket as it should
};
// The config key of the limit that was met; of `handshake` none.
[[nodiscard]] std::string_view limit_of(Refusal refusal);
// Names it among the counters.
[[nodiscard]] constexpr std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::connections:
      return "too many connections";
    case Refusal::listener:
      return "listener full";
    case Refusal::address:
      return "too many of one address";
    case Refusal::rate:
      return "connects too often";
    case Refusal::handshake:
      return "handshake failed";
  }
  return {};
}

class Admission {
 public:
  // Place of an admitted connection, given back when it ends.
  struct Ticket {
    uint32_t listener = 0;
    std::optional<ClientNet> from;
  };
  struct Verdict {
    Refusal refusal = Refusal::none;
    bool tell = false;    // write a log line: once a minute for each address and limit
    uint64_t untold = 0;  // refusals since the line before
  };

  explicit Admission(const AdmissionLimits& limits) : limits_(limits) {}

  // A listener's number. `connections_max`: its own limit, 0 = none.
  [[nodiscard]] uint32_t add_listener(size_t connections_max);

  [[nodiscard]] Verdict admit(const Ticket& ticket, core::Now now);
  // Counts a failed handshake; the verdict says whether to tell.
  [[nodiscard]] Verdict fail_handshake(const Ticket& ticket, core::Now now) {
    return refuse(ticket, Refusal::handshake, now);
  }
  // For each admitted ticket once.
  void leave(const Ticket& ticket);
  // Forgets addresses that nothing is to be remembered of. Call about once a second.
  void tick(core::Now now);

  [[nodiscard]] size_t connections() const { return open_; }
  [[nodiscard]] uint64_t refused(Refusal why) const { return refused_[static_cast<size_t>(why)]; }
  // Adds what was refused, by name; what never was is left out.
  void add_refusals(ReasonCounts& counts) const;
  [[nodiscard]] size_t addresses() const { return addresses_.size(); }

 private:
  struct Listener {
    size_t open = 0;
    size_t connections_max;
  };
  struct Address {
    size_t open = 0;
    double tokens = 0;        // connections that may come now
    int64_t refilled_ms = 0;  // monotonic
  };
  struct Told {
    int64_t at_ms = 0;  // monotonic, of the last line
    uint64_t untold = 0;
  };
  using TellKey = std::pair<std::optional<ClientNet>, Refusal>;

  [[nodiscard]] Refusal check(const Ticket& ticket, const Address* address) const;
  Address& address_of(const ClientNet& net, core::Now now);
  [[nodiscard]] double tokens_of(const Address& address, core::Now now) const;
  Verdict refuse(const Ticket& ticket, Refusal why, core::Now now);
  [[nodiscard]] double burst() const;

  struct HashNet {
    size_t operator()(const ClientNet& net) const;
  };

  AdmissionLimits limits_;
  size_t open_ = 0;
  std::vector<Listener> listeners_;
  std::unordered_map<ClientNet, Address, HashNet> addresses_;
  std::map<TellKey, Told> told_;
  std::array<uint64_t, core::enum_count<Refusal>()> refused_{};
};

}  // namespace headgate::broker
