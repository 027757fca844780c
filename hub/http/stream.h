// Bytes of a client of the HTTP server, in the clear or in TLS: an asynchronous stream as Beast wants it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <optional>
#include <utility>

#include "broker/net/tls.h"

namespace headgate::hub {

class HttpStream {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Plain = boost::beast::basic_stream<Protocol>;
  using executor_type = Plain::executor_type;
  using error_code = boost::system::error_code;

  explicit HttpStream(Protocol::socket socket) : plain_(std::move(socket)) {}

  [[nodiscard]] executor_type get_executor() noexcept { return plain_.get_executor(); }
  // Socket, and the time that operations may take.
  [[nodiscard]] Plain& plain() { return plain_; }

  // Goes on in a session whose handshake is done.
  void encrypt(broker::TlsSession session) { tls_.emplace(plain_, session.release()); }
  [[nodiscard]] bool is_encrypted() const { return tls_.has_value(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, const Buffers& into) {
          if (tls_) return tls_->async_read_some(into, std::move(handler));
          plain_.async_read_some(into, std::move(handler));
        },
        token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, const Buffers& from) {
          if (tls_) return tls_->async_write_some(from, std::move(handler));
          plain_.async_write_some(from, std::move(handler));
        },
        token, buffers);
  }

  // Says that nothing follows, and waits for the other end to say so. REQUIRES: is_encrypted().
  template <typename Handler>
  void async_good_bye(Handler handler) {
    tls_->async_shutdown(std::move(handler));
  }

 private:
  Plain plain_;
  std::optional<boost::asio::ssl::stream<Plain&>> tls_;
};

}  // namespace headgate::hub
