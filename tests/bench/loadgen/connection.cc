#include "tests/bench/loadgen/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace headgate::bench {
namespace {

core::Unexpected io_failure(const char* doing, int error) {
  return core::fail(core::Errc::io, std::string(doing) + ": " + std::strerror(error));
}

}  // namespace

core::Status Connection::open(const sockaddr_in& peer) {
  fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return io_failure("socket (raise `ulimit -n` for many connections)", errno);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer));
  if (rc < 0 && errno != EINPROGRESS) return io_failure("connect", errno);
  return {};
}

core::Status Connection::finish_open() const {
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return io_failure("connect", error);
  return {};
}

bool Connection::flush() {
  while (has_unsent()) {
    const ssize_t n = ::send(fd, out.data() + out_begin_, unsent_bytes(), MSG_NOSIGNAL);
    if (n < 0) {
      out.erase(0, out_begin_);
      out_begin_ = 0;
      return errno == EAGAIN || errno == EINTR;
    }
    out_begin_ += static_cast<size_t>(n);
  }
  out.clear();
  out_begin_ = 0;
  return true;
}

void Connection::close() {
  if (fd >= 0) ::close(fd);
  fd = -1;
  state = State::closed;
}

}  // namespace headgate::bench
