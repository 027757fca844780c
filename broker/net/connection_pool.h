// All connections of the loop.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/net/admission.h"
#include "broker/net/connection.h"
#include "broker/net/handshakes.h"
#include "broker/net/http_exchange.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"

namespace headgate::broker {

// They share one read buffer, since a connection has none of its own while there is nothing to read, and they
// are flushed together: once a loop turn, one write each.
class ConnectionPool {
 public:
  ConnectionPool(boost::asio::io_context& io, Broker& broker, const core::Clock& clock, core::Log& log,
                 const AdmissionLimits& limits, HandshakeWorker& handshake_worker)
      : io_(io),
        broker_(broker),
        clock_(clock),
        log_(log),
        admission_(limits),
        handshakes_(handshake_worker) {}
  ~ConnectionPool();

  // For the listeners: asks before any work is done for a client, and adds it if it is let in.
  [[nodiscard]] Admission& admission() { return admission_; }
  [[nodiscard]] const Admission& admission() const { return admission_; }
  [[nodiscard]] Handshakes& handshakes() { return handshakes_; }
  void add(Arrival arrival);
  // Takes requests over HTTPS that come in by listeners with IoT Edge's dialect; before the first connection. Without one they get a 404.
  void serve_http(HttpHandler handler) { http_ = std::move(handler); }
  // Closes every socket now, but those that the worker has. Sends first what it can without waiting.
  void close_all();
  // Some are closed but wait for the other side's good-bye, seconds at most, or for the worker.
  [[nodiscard]] bool lingers() const { return lingering_ > 0 || handshakes_.busy(); }
  // Call about once a second.
  void tick() { admission_.tick(now()); }

  // ---- for the connections ----
  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] Broker& broker() { return broker_; }
  [[nodiscard]] core::Now now() const { return clock_.now(); }
  // Limits lines about clients' certificates.
  [[nodiscard]] core::LogLimiter& limiter() { return limiter_; }
  [[nodiscard]] core::Log& log() { return log_; }
  [[nodiscard]] const HttpHandler& http() const { return http_; }
  // Scratch whose bytes are good until the next use by any connection.
  [[nodiscard]] char* read_buffer() { return read_buffer_.data(); }
  [[nodiscard]] std::span<char> write_scratch() { return write_scratch_; }
  void flush_soon(std::shared_ptr<Connection> connection);
  void linger(int more) { lingering_ += more; }
  void forget(const std::shared_ptr<Connection>& connection, const Admission::Ticket& ticket);

  static constexpr size_t kReadBytes = 64 * 1024;

 private:
  void flush();

  boost::asio::io_context& io_;
  Broker& broker_;
  const core::Clock& clock_;
  core::LogLimiter limiter_;
  core::Log& log_;
  Admission admission_;
  std::array<char, kReadBytes> read_buffer_;
  std::array<char, 16 * 1024> write_scratch_;  // a TLS record
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> to_flush_;
  std::vector<std::shared_ptr<Connection>> flushing_;  // empty but in flush(); kept for its memory
  // Lets what was posted find out that the pool has gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  int lingering_ = 0;
  HttpHandler http_;       // null: nobody answers
  Handshakes handshakes_;  // last, so that it ends first: the worker works for the connections
};

}  // namespace headgate::broker
