#include "broker/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace headgate::broker {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr size_t kKeptBuffer = 16 * 1024;  // larger write buffers are given back once they are empty

}  // namespace

// ---- pool ----

ConnectionPool::~ConnectionPool() { close_all(); }

void ConnectionPool::add(asio::ip::tcp::socket socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto endpoint = socket.remote_endpoint(ignored);
  std::string peer = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  const auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(peer));
  connections_.insert(connection);
  connection->start();
}

void ConnectionPool::close_all() {
  const auto closing = std::move(connections_);
  connections_.clear();
  for (const auto& connection : closing) {
    connection->flush();
    connection->finish();
  }
}

void ConnectionPool::flush_soon(std::shared_ptr<Connection> connection) {
  to_flush_.push_back(std::move(connection));
  if (to_flush_.size() == 1) asio::post(io_, [this] { flush(); });
}

void ConnectionPool::flush() {
  const auto connections = std::move(to_flush_);
  to_flush_.clear();
  for (const auto& connection : connections) connection->flush();
}

// ---- connection ----

Connection::Connection(ConnectionPool& pool, asio::ip::tcp::socket socket, std::string peer)
    : pool_(pool), socket_(std::move(socket)), channel_(*this, std::move(peer)) {}

void Connection::start() {
  pool_.broker_.opened(channel_, pool_.clock_.now());
  wait_readable();
}

void Connection::wake() { pool_.flush_soon(shared_from_this()); }

void Connection::wait_readable() {
  if (reading_ || finished_ || !pool_.broker_.wants_bytes(channel_)) return;
  reading_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const error_code& error) { self->on_readable(error); });
}

void Connection::on_readable(const error_code& error) {
  reading_ = false;
  if (finished_) return;
  if (error) return finish();
  error_code failed;
  const size_t bytes = socket_.read_some(asio::buffer(pool_.read_buffer_), failed);
  if (failed == asio::error::would_block || failed == asio::error::interrupted) return wait_readable();
  if (failed) return finish();
  pool_.broker_.on_bytes(channel_, core::Bytes(pool_.read_buffer_.data(), bytes), pool_.clock_.now());
  wait_readable();
}

void Connection::flush() {
  if (finished_) return;
  channel_.settle();
  const bool held_back = !pool_.broker_.wants_bytes(channel_);
  channel_.take_out(unsent_);
  if (!writing_ && !write_unsent()) return finish();
  channel_.unsent_in_shell = unsent_.size() - sent_;
  // A good-bye is sent if the socket takes it at once; a client that does not read is not waited for.
  if (channel_.closing()) return finish();
  if (!unsent_.empty()) {
    wait_writable();
  } else if (held_back) {
    pool_.broker_.on_drained(channel_, pool_.clock_.now());  // too much for a turn, but not for the socket
  }
  wait_readable();
}

bool Connection::write_unsent() {
  while (sent_ < unsent_.size()) {
    error_code failed;
    sent_ += socket_.write_some(asio::buffer(unsent_) + sent_, failed);
    if (failed == asio::error::would_block) return true;
    if (failed && failed != asio::error::interrupted) return false;
  }
  unsent_.clear();
  sent_ = 0;
  if (unsent_.capacity() > kKeptBuffer) unsent_.shrink_to_fit();
  return true;
}

void Connection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const error_code& error) { self->on_writable(error); });
}

void Connection::on_writable(const error_code& error) {
  writing_ = false;
  if (finished_) return;
  if (error || !write_unsent()) return finish();
  channel_.unsent_in_shell = unsent_.size() - sent_;
  if (!unsent_.empty()) return wait_writable();
  pool_.broker_.on_drained(channel_, pool_.clock_.now());
  wait_readable();
}

void Connection::finish() {
  if (finished_) return;
  finished_ = true;
  const auto self = shared_from_this();
  pool_.broker_.closed(channel_, pool_.clock_.now());
  // Unread input would make the kernel answer with a reset, which can overtake our last packet.
  discard_input();
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  pool_.connections_.erase(self);
}

void Connection::discard_input() {
  constexpr int kReadsMax = 16;
  error_code failed;
  for (int reads = 0; reads < kReadsMax && !failed; ++reads) {
    if (socket_.read_some(asio::buffer(pool_.read_buffer_), failed) == 0) return;
  }
}

}  // namespace headgate::broker
