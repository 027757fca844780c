#include "tools/bench/stream.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace headgate::tools::bench {
namespace {

using core::Errc;
using core::fail;
using core::Status;

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown error";
}

Status unusable(const std::string& what, const std::string& file) {
  return fail(Errc::invalid, "cannot use " + what + " " + file + ": " + openssl_reason());
}

// Whether someone accepts there within `timeout_ms`.
bool answers(const addrinfo& candidate, int timeout_ms) {
  const int fd = ::socket(candidate.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  int error = 0;
  if (::connect(fd, candidate.ai_addr, candidate.ai_addrlen) < 0) error = errno;
  if (error == EINPROGRESS) {
    pollfd writable{fd, POLLOUT, 0};
    error = ETIMEDOUT;
    socklen_t size = sizeof(error);
    if (::poll(&writable, 1, timeout_ms) == 1) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  ::close(fd);
  return error == 0;
}

}  // namespace

core::Result<Peer> Peer::resolve(const Options& options) {
  Peer peer;
  const Status found = options.unix_path.empty() ? peer.look_up(options) : peer.use_unix(options.unix_path);
  if (!found) return fail(found.error());
  if (!options.tls.wanted) return peer;
  if (const Status usable = peer.use_tls(options); !usable) return fail(usable.error());
  return peer;
}

Status Peer::look_up(const Options& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int rc = ::getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &list);
  if (rc != 0) return fail(Errc::unavailable, "host '" + options.host + "': " + ::gai_strerror(rc));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  const addrinfo* chosen = list;
  const int timeout_ms = static_cast<int>(options.connect_timeout_s * 1000);
  for (const addrinfo* next = list; list->ai_next != nullptr && next != nullptr; next = next->ai_next) {
    if (!answers(*next, timeout_ms)) continue;
    chosen = next;
    break;
  }
  std::memcpy(&address_, chosen->ai_addr, chosen->ai_addrlen);
  address_bytes_ = chosen->ai_addrlen;
  return {};
}

Status Peer::use_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path))
    return fail(Errc::invalid, "the path of a Unix socket has at most " +
                                   std::to_string(sizeof(address.sun_path) - 1) + " bytes: " + path);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  std::memcpy(&address_, &address, sizeof(address));
  address_bytes_ = sizeof(address);
  return {};
}

Status Peer::use_tls(const Options& options) {
  const Tls& tls = options.tls;
  tls_.reset(::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
  SSL_CTX* const context = tls_.get();
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context, tls.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  constexpr unsigned char kAlpn[] = {4, 'm', 'q', 't', 't'};
  ::SSL_CTX_set_alpn_protos(context, kAlpn, sizeof(kAlpn));
  if (!tls.insecure) name_ = options.host;
  if (tls.ca_file.empty()) {
    ::SSL_CTX_set_default_verify_paths(context);
  } else if (::SSL_CTX_load_verify_file(context, tls.ca_file.c_str()) != 1) {
    return unusable("the certificates in", tls.ca_file);
  }
  if (tls.cert_file.empty()) return {};
  if (::SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) != 1)
    return unusable("the client certificate", tls.cert_file);
  if (::SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable("the key", tls.key_file);
  return {};
}

void Stream::FreeSsl::operator()(ssl_st* ssl) const { ::SSL_free(ssl); }

Status Stream::open(const Peer& peer) {
  fd_ = ::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    return fail(Errc::io, std::string("no socket: ") + std::strerror(errno) +
                              (errno == EMFILE ? " (raise `ulimit -n`)" : ""));
  const int on = 1;
  if (peer.family() != AF_UNIX) ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int rc = ::connect(fd_, reinterpret_cast<const sockaddr*>(&peer.address_), peer.address_bytes_);
  if (rc < 0 && errno != EINPROGRESS) return fail(Errc::io, std::strerror(errno));
  if (peer.tls_ == nullptr) return {};
  tls_.reset(::SSL_new(peer.tls_.get()));
  ::SSL_set_fd(tls_.get(), fd_);
  ::SSL_set_connect_state(tls_.get());
  if (peer.name_.empty()) return {};
  if (X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(tls_.get()), peer.name_.c_str()) != 1) {
    ::SSL_set1_host(tls_.get(), peer.name_.c_str());
    SSL_set_tlsext_host_name(tls_.get(), peer.name_.c_str());
  }
  return {};
}

Io Stream::establish() {
  if (!connected_) {
    if (const Io connected = finish_connect(); connected != Io::done) return connected;
  }
  return tls_ ? tls_outcome(::SSL_do_handshake(tls_.get())) : Io::done;
}

Io Stream::finish_connect() {
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return failed_with(error);
  connected_ = true;
  wants_write_ = false;
  return Io::done;
}

Io Stream::failed_with(int error) {
  why_ = std::strerror(error);
  return Io::failed;
}

// Called right after the call that returned `rc`.
Io Stream::tls_outcome(int rc) {
  if (rc > 0) return Io::done;
  const int error = errno;
  switch (::SSL_get_error(tls_.get(), rc)) {
    case SSL_ERROR_WANT_READ:
      wants_write_ = false;
      return Io::blocked;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Io::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return Io::closed;
    case SSL_ERROR_SYSCALL:
      return error == 0 ? Io::closed : failed_with(error);
    default:
      break;
  }
  const long verdict = ::SSL_get_verify_result(tls_.get());
  why_ = "TLS: " + openssl_reason();
  if (verdict != X509_V_OK) {
    why_ += std::string(" (") + ::X509_verify_cert_error_string(verdict) +
            "; give the broker's CA with --ca-file, or --insecure)";
  }
  return Io::failed;
}

Io Stream::read(char* into, size_t size, size_t& bytes) {
  bytes = 0;
  if (tls_) return read_tls(into, size, bytes);
  const ssize_t n = ::read(fd_, into, size);
  if (n > 0) bytes = static_cast<size_t>(n);
  if (n > 0) return Io::done;
  if (n == 0) return Io::closed;
  return errno == EAGAIN || errno == EINTR ? Io::blocked : failed_with(errno);
}

// A record has at most 16 KiB: several in one go.
Io Stream::read_tls(char* into, size_t size, size_t& bytes) {
  while (bytes < size) {
    size_t n = 0;
    const int rc = ::SSL_read_ex(tls_.get(), into + bytes, size - bytes, &n);
    bytes += n;
    if (rc != 1) return tls_outcome(rc);
  }
  return Io::done;
}

Io Stream::write(std::string_view data, size_t& bytes) {
  bytes = 0;
  if (tls_) {
    const int rc = ::SSL_write_ex(tls_.get(), data.data(), data.size(), &bytes);
    return rc == 1 ? Io::done : tls_outcome(rc);
  }
  const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
  if (n >= 0) bytes = static_cast<size_t>(n);
  wants_write_ = n < 0 && errno == EAGAIN;
  if (n >= 0) return Io::done;
  return wants_write_ || errno == EINTR ? Io::blocked : failed_with(errno);
}

bool Stream::has_more() const { return tls_ && ::SSL_has_pending(tls_.get()) == 1; }

void Stream::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace headgate::tools::bench
