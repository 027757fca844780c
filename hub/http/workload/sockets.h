// The sockets of the workload API: one a module, `DIR/MODULE.sock`. Shell round WorkloadDesk. Loop thread only.
//
// The socket itself is in a directory of its own, `DIR/MODULE.sock.d/workload.sock`, to which `DIR/MODULE.sock` leads: a container that has
// the directory mounted sees the socket of the hub's next start, which one with the socket itself would not. DIR is closed to others, and
// the socket open to everybody who gets to it, unless the module has an owner and a mode for it: a container's users are not those of
// this machine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/result.h"
#include "hub/edge/workload/desk.h"

namespace boost::asio {
class io_context;
}

namespace headgate::hub {

// Whose socket it is, and who may use it.
struct ModuleSocket {
  std::string module;
  std::string owner = {};  // "user", "user:group" or ":group", names or numbers; empty: the hub's
  std::string mode = {};   // octal; empty: everybody, or of an owner that was named, he and his group

  friend bool operator==(const ModuleSocket&, const ModuleSocket&) = default;
};

struct WorkloadLimits {
  size_t connections_max = 16;  // a module
  uint32_t header_bytes_max = 8 * 1024;
  uint64_t body_bytes_max = 64 * 1024;
  int idle_timeout_s = 30;
};

class WorkloadSockets {
 public:
  // All must outlive it. `dir`: absolute, or from where the hub was started.
  WorkloadSockets(boost::asio::io_context& io, WorkloadDesk& desk, const core::Clock& clock, core::Log& log,
                  std::string dir, WorkloadLimits limits = {});
  ~WorkloadSockets();
  WorkloadSockets(const WorkloadSockets&) = delete;
  WorkloadSockets& operator=(const WorkloadSockets&) = delete;

  // Listens for these modules, and for others no more. A socket that cannot be made, or given to its owner, is logged, and nobody has it;
  // the others are. Error (io): the directory cannot be made.
  [[nodiscard]] core::Status serve(const std::vector<ModuleSocket>& modules);
  // Ends all connections and removes the sockets. May be called twice.
  void close();

 private:
  class Socket;

  boost::asio::io_context& io_;
  WorkloadDesk& desk_;
  const core::Clock& clock_;
  core::Log& log_;
  const std::string dir_;
  const WorkloadLimits limits_;
  std::map<std::string, std::shared_ptr<Socket>> sockets_;  // by module
  core::LogLimiter refusals_;                               // the same
};

}  // namespace headgate::hub
