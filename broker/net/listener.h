// Accepts connections at one place, a TCP port or a Unix socket, and hands them to the pool.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "broker/net/connection_pool.h"
#include "broker/net/listener_options.h"
#include "broker/net/tls.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/result.h"

namespace headgate::broker {

class Listener {
 public:
  // Reads the certificates and binds, so that this may be done with more rights than what follows. Port 0
  // takes a free one. Errors: whole sentences; invalid, io (in use, no right to, a certificate's file).
  [[nodiscard]] static core::Result<std::unique_ptr<Listener>> bind(boost::asio::io_context& io,
                                                                    ListenerOptions options, core::Log& log);
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Begins to accept. `pool` must outlive the listener, or its close().
  [[nodiscard]] core::Status start(ConnectionPool& pool);
  void close();

  // "127.0.0.1:1883", "tls 0.0.0.0:8883", "unix /run/headgate.sock"
  [[nodiscard]] const std::string& name() const { return options_->policy.name; }
  [[nodiscard]] const ListenerOptions& options() const { return *options_; }

  // Reads the certificates again, for connections to come; true if they are others than before. On failure the
  // old ones stay in force. It is a failure, too, if clients could get in by the old ones at the time
  // `wall_ms` and cannot by the new ones.
  [[nodiscard]] core::Result<bool> reload_certificates(int64_t wall_ms);
  // When the hub's certificate ends, Unix time; nullopt without TLS.
  [[nodiscard]] std::optional<int64_t> certificate_expires_wall_ms() const;

 private:
  using Protocol = boost::asio::generic::stream_protocol;
  using Acceptor = boost::asio::basic_socket_acceptor<Protocol, boost::asio::io_context::executor_type>;

  Listener(boost::asio::io_context& io, ListenerOptions options, core::Log& log);
  core::Status bind_address();
  core::Status bind_path();
  void wait();
  void accept_some();
  // False if there is nobody more for now.
  [[nodiscard]] bool accept_one();
  void tell_of_failure(const char* error);
  [[nodiscard]] bool is_let_in(const Admission::Ticket& ticket, const std::string& peer);
  void accept_later(std::chrono::milliseconds pause);

  boost::asio::io_context& io_;
  core::Log& log_;
  std::shared_ptr<const ListenerOptions> options_;
  std::optional<TlsContext> tls_;
  Acceptor acceptor_;
  boost::asio::steady_timer retry_;
  ConnectionPool* pool_ = nullptr;
  uint32_t number_ = 0;  // Admission's
  core::LogLimiter failures_told_;
};

}  // namespace headgate::broker
