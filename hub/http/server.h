// HTTP/1.1 over a Unix socket: the shell round AdminApi. Reads requests, writes answers, feeds streams.
// Local tools only: whoever may open the socket (mode 0600) may do everything.
#pragma once

#include <memory>
#include <string>

#include "core/log.h"
#include "core/result.h"
#include "hub/admin/api.h"

namespace boost::asio {
class io_context;
}

namespace headgate::hub {

// Limits of the admin socket. They bound what a careless local client can cost the hub.
struct AdminLimits {
  size_t connections_max = 32;
  uint32_t header_bytes_max = 16 * 1024;
  uint64_t body_bytes_max = 4 * 1024 * 1024;
  size_t stream_bytes_max =
      1024 * 1024;  // lines waiting for a client that stays behind; beyond it it is dropped
  size_t stream_burst_bytes_max = 16 * 1024 * 1024;  // lines of a moment: beyond it at once
  int stream_behind_ms = 1000;                       // how long a moment is
  int idle_timeout_s = 10;                           // for a whole request to arrive, or an answer to leave
};

// Runs on the thread of `io`, which with `api` and `log` must outlive it. Destroying it closes everything;
// call it while `io` is not running a handler of this server.
class AdminServer {
 public:
  AdminServer(boost::asio::io_context& io, AdminApi& api, core::Log& log, AdminLimits limits = {});
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Makes the socket file and accepts from now on. A file left by a hub that is gone is replaced.
  // Errors: invalid (path too long, or something that is not a socket is there), unavailable (somebody
  // answers on it), io.
  [[nodiscard]] core::Status listen(const std::string& path);

  // Ends all connections and streams and removes the socket file. May be called twice.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace headgate::hub
