// The Asio shell of one client connection over TCP: moves bytes between a socket and a Channel.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "broker/broker.h"
#include "broker/channel.h"
#include "core/clock.h"

namespace headgate::broker {

class Connection;

// All connections of the loop. They share one read buffer, since a connection has none of its own while
// there is nothing to read, and they are flushed together: once a loop turn, one write each.
class ConnectionPool {
 public:
  ConnectionPool(boost::asio::io_context& io, Broker& broker, const core::Clock& clock)
      : io_(io), broker_(broker), clock_(clock) {}
  ~ConnectionPool();

  void add(boost::asio::ip::tcp::socket socket);
  // Closes every socket now. Sends first what it can without waiting.
  void close_all();

 private:
  friend class Connection;
  void flush_soon(std::shared_ptr<Connection> connection);
  void flush();

  static constexpr size_t kReadBytes = 64 * 1024;

  boost::asio::io_context& io_;
  Broker& broker_;
  const core::Clock& clock_;
  std::array<char, kReadBytes> read_buffer_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> to_flush_;
};

class Connection : public ChannelShell, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionPool& pool, boost::asio::ip::tcp::socket socket, std::string peer);

  void start();
  void wake() override;
  // Writes what the channel has, without waiting; then whatever it asks for: reading again, or closing.
  void flush();
  // Ends the network connection. Idempotent.
  void finish();

 private:
  void wait_readable();
  void on_readable(const boost::system::error_code& error);
  void wait_writable();
  void on_writable(const boost::system::error_code& error);
  // False if the socket is broken.
  [[nodiscard]] bool write_unsent();
  void discard_input();

  ConnectionPool& pool_;
  boost::asio::ip::tcp::socket socket_;
  Channel channel_;
  std::string unsent_;
  size_t sent_ = 0;  // bytes at the front of unsent_ that the socket has taken
  bool reading_ = false;
  bool writing_ = false;  // waiting for the socket to take more
  bool finished_ = false;
};

}  // namespace headgate::broker
