#include "broker/net/wire.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

namespace headgate::broker {

Wire::Then Wire::after_tls_call(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_NONE:
      return Then::again;
    case SSL_ERROR_WANT_READ:
      return Then::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Then::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Then::ended;
    default:
      broken_ = true;
      return Then::ended;
  }
}

void Wire::encrypt(TlsSession session) {
  tls_ = std::move(session);
  // The client's first bytes often come in one piece with the end of the handshake.
  holds_bytes_ = SSL_has_pending(tls_.get()) == 1;
}

Wire::Moved Wire::read(char* to, size_t room) {
  if (!tls_) {
    const ssize_t got = ::recv(socket_.native_handle(), to, room, 0);
    if (got > 0) return {static_cast<size_t>(got), Then::again};
    const bool later = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return {0, later ? Then::want_read : Then::ended};
  }
  if (broken_) return {0, Then::ended};
  ERR_clear_error();
  Moved all;
  while (all.bytes < room) {
    size_t got = 0;
    const int result = SSL_read_ex(tls_.get(), to + all.bytes, room - all.bytes, &got);
    all.bytes += got;
    if (result == 1) continue;
    all.then = after_tls_call(result);
    break;
  }
  // An end behind bytes is told by the next call, for which the socket need not become readable.
  holds_bytes_ = all.then == Then::again || (all.then == Then::ended && all.bytes > 0);
  return all;
}

Wire::Moved Wire::write(std::string_view bytes) {
  Moved all;
  while (!bytes.empty()) {
    size_t taken = 0;
    if (tls_) {
      if (broken_) return {all.bytes, Then::ended};
      ERR_clear_error();
      const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &taken);
      if (result != 1) return {all.bytes, after_tls_call(result)};
    } else {
      const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
        return {all.bytes, later ? Then::want_write : Then::ended};
      }
      taken = static_cast<size_t>(sent);
    }
    all.bytes += taken;
    bytes.remove_prefix(taken);
  }
  return all;
}

void Wire::close(char* scratch, size_t scratch_bytes) {
  boost::system::error_code ignored;
  if (tls_ && !broken_ && SSL_is_init_finished(tls_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());  // close_notify
  }
  // Unread input would make the kernel answer with a reset, which can overtake our last packet.
  discard_input(scratch, scratch_bytes);
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
  tls_.reset();
}

void Wire::discard_input(char* scratch, size_t scratch_bytes) {
  constexpr int kReadsMax = 16;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    if (::recv(socket_.native_handle(), scratch, scratch_bytes, 0) <= 0) return;
  }
}

}  // namespace headgate::broker
