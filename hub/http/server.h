// HTTP/1.1 over a Unix socket, and over TCP: the shell round AdminApi. Reads requests, writes answers, feeds streams.
// Whoever may open the socket (mode 0600) may do everything; over TCP a Door says who comes in.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/log.h"
#include "core/result.h"
#include "hub/admin/api.h"
#include "hub/http/door.h"
#include "hub/http/pages.h"
#include "hub/http/tls.h"

namespace boost::asio {
class io_context;
}

namespace headgate::hub {

// Limits of each of the two. They bound what a careless or hostile client can cost the hub: clients over TCP do not take the
// places of those on the socket.
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
  // `pages`: for browsers; they must outlive it.
  AdminServer(boost::asio::io_context& io, AdminApi& api, core::Log& log, AdminLimits limits = {},
              std::span<const Page> pages = {});
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Makes the socket file and accepts from now on. A file left by a hub that is gone is replaced.
  // Errors: invalid (path too long, or something that is not a socket is there), unavailable (somebody
  // answers on it), io.
  [[nodiscard]] core::Status listen(const std::string& path);

  // Accepts from now on also over TCP, of those whom `door` lets in. `address`: of this machine; port 0: any that is free;
  // `tls` null: in the clear. Errors: io; whole sentences for the operator.
  [[nodiscard]] core::Status listen_tcp(const std::string& address, uint16_t port, Door door,
                                        std::shared_ptr<HttpTls> tls = nullptr);
  [[nodiscard]] uint16_t tcp_port() const;  // 0: it does not listen there

  // Takes other tokens from now on, and ends streams of who is not known by them any more.
  void use(Tokens tokens);

  // Ends all connections and streams and removes the socket file. May be called twice.
  void close();

 private:
  class Listening;  // on one of them
  template <typename Protocol>
  class Acceptor;

  boost::asio::io_context& io_;
  AdminApi& api_;
  core::Log& log_;
  const AdminLimits limits_;
  const std::span<const Page> pages_;
  std::shared_ptr<Listening> local_;
  std::shared_ptr<Listening> tcp_;
};

}  // namespace headgate::hub
