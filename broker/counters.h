// Counts of the broker since its start, over all clients: for the table of metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "core/enum_count.h"

namespace headgate::broker {

struct Traffic {
  uint64_t bytes_in = 0;  // of MQTT, without what TLS or WebSocket add
  uint64_t bytes_out = 0;
  uint64_t packets_in = 0;  // MQTT control packets of every type
  uint64_t packets_out = 0;
  uint64_t connects_in = 0;
  uint64_t publishes_in = 0;
  uint64_t publishes_out = 0;     // first sendings
  uint64_t publish_bytes_in = 0;  // payloads
  uint64_t publish_bytes_out = 0;
};

// Why a client did not get a message that it had subscribed to.
enum class DropReason : uint8_t {
  offline,          // QoS 0, while it was not connected
  slow_reader,      // QoS 0, while it did not take what it had been sent
  queue_full,       // as much as is kept for one client was waiting already
  too_large,        // for its Maximum Packet Size
  expired,          // while it waited
  refused,          // by the client, with a reason code
  denied,           // it has lost the right to receive it while it waited
  session_expired,  // its session ended, because it was away for too long
};
[[nodiscard]] constexpr std::string_view name_of(DropReason reason) {
  switch (reason) {
    case DropReason::offline:
      return "offline";
    case DropReason::slow_reader:
      return "slow reader";
    case DropReason::queue_full:
      return "queue full";
    case DropReason::too_large:
      return "too large";
    case DropReason::expired:
      return "expired";
    case DropReason::refused:
      return "refused";
    case DropReason::denied:
      return "denied";
    case DropReason::session_expired:
      return "session expired";
  }
  return {};
}

using DropCounts = std::array<uint64_t, core::enum_count<DropReason>()>;

// By the reason's text, which lives for ever.
using ReasonCounts = std::map<std::string_view, uint64_t>;

}  // namespace headgate::broker
