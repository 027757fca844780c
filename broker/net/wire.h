// Bytes of a client on a non-blocking socket, in the clear or in TLS. No buffer of its own: with TLS,
// OpenSSL holds one only while a record is incomplete.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string_view>

#include "broker/net/tls.h"

namespace headgate::broker {

class Wire {
 public:
  // The executor's own type, not a type-erased one: forty bytes less a connection, and no virtual call a
  // wait.
  using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                  boost::asio::io_context::executor_type>;

  enum class Then {
    again,       // there may be more at once
    want_read,   // not before the socket is readable
    want_write,  // not before the socket is writable
    ended,       // the peer or the network has ended it
  };
  struct Moved {
    size_t bytes = 0;
    Then then = Then::again;
  };

  // In the clear, until encrypt().
  explicit Wire(Socket socket) : socket_(std::move(socket)) {}

  // From here on bytes go through `session`, whose handshake over this socket is done.
  void encrypt(TlsSession session);

  // Reads all that there is, up to `room` bytes. Bytes may come together with `ended`.
  [[nodiscard]] Moved read(char* to, size_t room);
  // Writes all that the socket takes now.
  [[nodiscard]] Moved write(std::string_view bytes);
  // True when read() may give bytes although the socket is not readable: OpenSSL has them.
  [[nodiscard]] bool holds_bytes() const { return holds_bytes_; }

  // Says good-bye as far as that goes without waiting, and closes. `scratch` is overwritten.
  void close(char* scratch, size_t scratch_bytes);

  void wait(Socket::wait_type what, auto&& then) {
    socket_.async_wait(what, std::forward<decltype(then)>(then));
  }
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  Then after_tls_call(int result);
  void discard_input(char* scratch, size_t scratch_bytes);

  Socket socket_;
  TlsSession tls_;  // null: in the clear
  bool holds_bytes_ = false;
  bool broken_ = false;  // OpenSSL must not be called again
};

}  // namespace headgate::broker
