// Tells the service manager how the hub is (sd_notify): each word is one datagram to $NOTIFY_SOCKET, which systemd sets for
// units of Type=notify. systemd.service(5), sd_notify(3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::hub {

// Where words go, and how often it wants to hear that the hub is alive.
struct ServiceManager {
  std::string socket;       // a path, or after '@' an abstract name; empty: nobody listens
  int64_t watchdog_ms = 0;  // without a word for so long the hub is ended; 0: it is not watched

  // From the environment of this process.
  [[nodiscard]] static ServiceManager from_environment();

  // Half of it, so that one word may come late. 0: none is wanted.
  [[nodiscard]] int64_t ping_every_ms() const { return watchdog_ms / 2; }

  // Sends "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1". Never waits, and failure is nobody's business here: who
  // does not listen has no need to know. On any thread.
  void tell(std::string_view word) const;
};

}  // namespace headgate::hub
