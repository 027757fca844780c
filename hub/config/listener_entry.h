// An entry of `listeners` in headgate.json, and the rules for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/net/listener_options.h"

namespace headgate::hub {

class Problems;

// Who may connect without credentials.
enum class Anonymous : uint8_t {
  loopback,  // everybody, where only this machine can connect: loopback addresses and Unix sockets
  yes,
  no,
};

struct ListenerConfig {
  broker::ListenerOptions options;
  bool insecure = false;
  Anonymous anonymous = Anonymous::loopback;

  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

// Stands for a `port` that is left out.
[[nodiscard]] uint16_t default_port(broker::Transport transport);

// True where only this machine can connect.
[[nodiscard]] bool is_local(const ListenerConfig& listener);

// True for 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(std::string_view address);

// Finds what the keys allow one by one but not together.
void check_listeners(const std::vector<ListenerConfig>& listeners, Problems& problems);

// The entry's options, and the policy that follows from it. `own_device`: the hub as a device of IoT Edge; empty: it is none.
[[nodiscard]] broker::ListenerOptions listener_options(const ListenerConfig& config,
                                                       const std::string& own_device = {});

}  // namespace headgate::hub
