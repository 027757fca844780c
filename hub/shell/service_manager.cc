#include "hub/shell/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace headgate::hub {
namespace {

constexpr int64_t kMicrosecondsInMs = 1'000;

std::string from(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager{from("NOTIFY_SOCKET"), 0};
  const std::string watched = from("WATCHDOG_PID");
  const bool is_this = watched.empty() || watched == std::to_string(::getpid());
  if (is_this)
    manager.watchdog_ms = std::strtoll(from("WATCHDOG_USEC").c_str(), nullptr, 10) / kMicrosecondsInMs;
  return manager;
}

void ServiceManager::tell(std::string_view word) const {
  sockaddr_un to{};
  if (socket.empty() || socket.size() >= sizeof to.sun_path) return;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, socket.data(), socket.size());
  if (socket.front() == '@') to.sun_path[0] = '\0';
  const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (sender < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  (void)::sendto(sender, word.data(), word.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
                 size);
  ::close(sender);
}

}  // namespace headgate::hub
