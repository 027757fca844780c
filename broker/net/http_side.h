// A connection of a listener for MQTT over WebSocket that turned out to speak HTTPS: one request after the other, each handed over as a value.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "broker/net/http_exchange.h"
#include "broker/net/wire_stream.h"
#include "core/clock.h"

namespace headgate::broker {

inline constexpr size_t kHttpHeaderBytesMax = 8 * 1024;
inline constexpr size_t kHttpBodyBytesMax =
    160 * 1024;  // a method's payload has 128 KiB, and a little round it

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// Requests and the waits between them are bounded in size and time. Owned by its connection; what it has begun keeps the connection alive.
class HttpSide : public std::enable_shared_from_this<HttpSide> {
 public:
  struct Owner {
    std::function<void()> finish;       // closes the connection; idempotent
    std::function<bool()> is_finished;  // closed, by whomever
    std::function<core::Now()> now;
    std::function<void(std::string_view reason)> report;  // a request that was none
    std::shared_ptr<void> connection;                     // lives as long as this
    std::string peer;
  };

  // Borrows `stream` of the connection and `handler`, which may be empty: then every answer is a 404.
  HttpSide(Owner owner, WireStream& stream, boost::beast::flat_buffer buffer, const HttpHandler& handler)
      : owner_(std::move(owner)),
        stream_(stream),
        buffer_(std::move(buffer)),
        handler_(handler),
        timer_(stream.get_executor()) {}

  // The first request, whose header has been read.
  void start(std::unique_ptr<HttpParser> parser);
  // How parsers of this connection begin.
  [[nodiscard]] static std::unique_ptr<HttpParser> make_parser();
  // Nothing is waited for any more. Called by the connection's end.
  void stop() { timer_.cancel(); }

 private:
  using Code = boost::system::error_code;
  // Lets a request be answered once, and says so if nobody does.
  class Pending;

  // Whether something of a request has come, and not all of it.
  [[nodiscard]] bool is_amid_request() const;
  void read_header();
  void read_body();
  void on_body(const Code& failed);
  void hand_over();
  // `number`: which request it is for.
  void answer(uint64_t number, HttpAnswer answer);
  void fail(unsigned status, const char* message);
  void on_answered(const Code& failed);
  void limit(std::chrono::seconds time);

  Owner owner_;
  WireStream& stream_;
  boost::beast::flat_buffer buffer_;
  const HttpHandler& handler_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<HttpParser> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  uint64_t number_ = 0;      // of the request
  bool is_waiting_ = false;  // for its answer
};

}  // namespace headgate::broker
