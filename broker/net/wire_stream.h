// A Wire as Beast wants its streams: asynchronous, by Asio's rules for completion handlers.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <span>
#include <utility>

#include "broker/net/wire.h"

namespace headgate::broker {

class WireStream {
 public:
  using executor_type = Wire::Socket::executor_type;

  // Borrows both. `scratch` puts pieces together, so that a frame goes out in one write and one TLS record;
  // it may be shared by all streams of the loop.
  WireStream(Wire& wire, std::span<char> scratch) : wire_(wire), scratch_(scratch) {}

  [[nodiscard]] executor_type get_executor() noexcept { return wire_.socket().get_executor(); }
  [[nodiscard]] Wire& wire() { return wire_; }
  // A write is waiting for a client that does not read.
  [[nodiscard]] bool is_blocked() const { return blocked_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    boost::asio::mutable_buffer room;
    for (auto it = boost::asio::buffer_sequence_begin(buffers);
         room.size() == 0 && it != boost::asio::buffer_sequence_end(buffers); ++it) {
      room = *it;
    }
    return boost::asio::async_compose<Token, void(boost::system::error_code, size_t)>(Read{*this, room},
                                                                                      token, wire_.socket());
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, void(boost::system::error_code, size_t)>(
        Write<Buffers>{*this, buffers}, token, wire_.socket());
  }

 private:
  // Bytes are read in the handler that delivers them, so nobody else can come between.
  struct Read {
    WireStream& stream;
    boost::asio::mutable_buffer room;
    bool waited = false;

    template <class Self>
    void operator()(Self& self, boost::system::error_code error = {}) {
      Wire& wire = stream.wire_;
      if (waited) {
        if (error) return self.complete(error, 0);
        const Wire::Moved got = wire.read(static_cast<char*>(room.data()), room.size());
        if (got.bytes > 0 || room.size() == 0) return self.complete({}, got.bytes);
        if (got.then == Wire::Then::ended) return self.complete(boost::asio::error::eof, 0);
      }
      waited = true;
      if (wire.holds_bytes() || room.size() == 0) {
        boost::asio::post(stream.get_executor(), std::move(self));
      } else {
        wire.wait(Wire::Socket::wait_read, std::move(self));
      }
    }
  };

  template <class Buffers>
  struct Write {
    WireStream& stream;
    Buffers buffers;
    Wire::Moved moved = {};
    bool is_done = false;

    template <class Self>
    void operator()(Self& self, boost::system::error_code error = {}) {
      WireStream& to = stream;
      to.blocked_ = false;
      if (error) return self.complete(error, 0);
      if (is_done) {
        const bool broken = moved.then == Wire::Then::ended && moved.bytes == 0;
        return self.complete(broken ? boost::asio::error::broken_pipe : boost::system::error_code(),
                             moved.bytes);
      }
      const size_t bytes =
          boost::asio::buffer_copy(boost::asio::buffer(to.scratch_.data(), to.scratch_.size()), buffers);
      moved = to.wire_.write({to.scratch_.data(), bytes});
      is_done = moved.bytes > 0 || moved.then == Wire::Then::ended || bytes == 0;
      // Not from within the call that began it.
      if (is_done) return boost::asio::post(to.get_executor(), std::move(self));
      to.blocked_ = true;
      to.wire_.wait(Wire::Socket::wait_write, std::move(self));
    }
  };

  // Beast's customisation points: how such a stream ends.
  friend void beast_close_socket(WireStream& stream) {
    boost::system::error_code ignored;
    stream.wire_.socket().close(ignored);
  }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, WireStream& stream, Handler&& handler) {
    // The connection closes the wire itself.
    boost::asio::post(stream.get_executor(), [handler = std::forward<Handler>(handler)]() mutable {
      handler(boost::system::error_code());
    });
  }
  // Never called: asynchronous use only. Beast's declaration must find one.
  friend void teardown(boost::beast::role_type, WireStream&, boost::system::error_code&) {}

  Wire& wire_;
  std::span<char> scratch_;
  bool blocked_ = false;
};

}  // namespace headgate::broker
