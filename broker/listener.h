// Accepts TCP connections on one address and hands them to the pool.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <string>

#include "broker/connection.h"
#include "core/log.h"
#include "core/result.h"

namespace headgate::broker {

class Listener {
 public:
  Listener(boost::asio::io_context& io, ConnectionPool& pool, core::Log& log)
      : acceptor_(io), retry_(io), pool_(pool), log_(log) {}

  // Binds and begins to accept. Port 0 takes a free one; see port(). Errors: invalid (no such address), io
  // (address in use, no right to).
  [[nodiscard]] core::Status open(const std::string& address, uint16_t port);
  [[nodiscard]] uint16_t port() const { return port_; }
  void close();

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  ConnectionPool& pool_;
  core::Log& log_;
  uint16_t port_ = 0;
};

}  // namespace headgate::broker
