#include "broker/net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace headgate::broker {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kIdleBeforeProbeS = 60;  // then the peer is asked whether it is there
constexpr int kProbeEveryS = 15;
constexpr int kProbes = 4;                        // without an answer end the connection
constexpr int kBacklog = 4096;                    // a site's clients all come back at once after an outage
constexpr int kAcceptedAtOnce = 64;               // then the others' turn comes
constexpr int kTlsAcceptedAtOnce = 16;            // each costs the making of a TLS connection
constexpr std::chrono::milliseconds kRetry{100};  // out of file descriptors: do not spin
constexpr std::chrono::milliseconds kFull{5};     // too many handshakes wait: the worker takes some meanwhile

const char* alpn_of(Transport transport) { return transport == Transport::wss ? "http/1.1" : "mqtt"; }

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

std::string name_of(Transport transport, const std::string& place) {
  switch (transport) {
    case Transport::tls:
      return "tls " + place;
    case Transport::ws:
      return "ws " + place;
    case Transport::wss:
      return "wss " + place;
    case Transport::unix_socket:
      return "unix " + place;
    case Transport::tcp:
      break;
  }
  return place;
}

// A client that has asked for no keep-alive may lose its power: the kernel finds out, within two minutes. To a
// peer that is there it costs a packet a minute, and only while nothing else is sent.
void prepare_tcp(int fd) {
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof(value));  // an option that is refused is a comfort less
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleBeforeProbeS);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEveryS);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

// Where a client comes from.
std::string peer_of(const sockaddr_storage& from, socklen_t bytes) {
  if (from.ss_family != AF_INET && from.ss_family != AF_INET6) return "unix";
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &from, std::min<size_t>(bytes, endpoint.capacity()));
  return text_of(endpoint);
}

std::optional<ClientNet> net_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    std::array<uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(from).sin_addr, bytes.size());
    return net_of_v4(bytes);
  }
  if (from.ss_family != AF_INET6) return std::nullopt;
  std::array<uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, bytes.size());
  return net_of_v6(bytes);
}

core::Unexpected cannot_listen(const std::string& where, const error_code& why) {
  std::string what = "cannot listen on " + where + ": " + why.message();
  if (why == asio::error::address_in_use) what += "; is another broker running there?";
  if (why == asio::error::access_denied)
    what += "; ports below 1024 need root (and \"user\" to give it up again) or CAP_NET_BIND_SERVICE";
  return core::fail(core::Errc::io, what);
}

// True when somebody answers there; a file that is left of a hub that is gone refuses.
bool is_alive(const std::string& path) {
  asio::io_context io;
  asio::local::stream_protocol::socket socket(io);
  error_code failed;
  socket.connect(path, failed);
  return !failed;
}

}  // namespace

Listener::Listener(asio::io_context& io, ListenerOptions options, core::Log& log)
    : io_(io),
      log_(log),
      options_(std::make_shared<const ListenerOptions>(std::move(options))),
      acceptor_(io.get_executor()),
      retry_(io) {}

core::Result<std::unique_ptr<Listener>> Listener::bind(asio::io_context& io, ListenerOptions options,
                                                       core::Log& log) {
  auto listener = std::unique_ptr<Listener>(new Listener(io, std::move(options), log));
  const bool is_unix = listener->options_->transport == Transport::unix_socket;
  if (auto bound = is_unix ? listener->bind_path() : listener->bind_address(); !bound)
    return core::fail(bound.error());
  if (is_encrypted(listener->options_->transport)) {
    if (auto loaded = listener->reload_certificates(0); !loaded) return core::fail(loaded.error());
  }
  return listener;
}

core::Status Listener::bind_address() {
  error_code failed;
  const auto ip = asio::ip::make_address(options_->address, failed);
  if (failed) return core::fail(core::Errc::invalid, "'" + options_->address + "' is not an IP address");
  const tcp::endpoint endpoint(ip, options_->port);
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) acceptor_.set_option(Acceptor::reuse_address(true), failed);
  if (!failed) acceptor_.bind(endpoint, failed);
  if (failed) return cannot_listen(text_of(endpoint), failed);
  tcp::endpoint bound(ip, 0);
  const auto local = acceptor_.local_endpoint(failed);
  std::memcpy(bound.data(), local.data(), std::min(bound.capacity(), local.size()));
  auto options = std::make_shared<ListenerOptions>(*options_);
  options->policy.name = name_of(options_->transport, text_of(bound));
  options_ = std::move(options);
  return {};
}

core::Status Listener::bind_path() {
  const std::string& path = options_->path;
  if (is_alive(path)) return cannot_listen(path, asio::error::address_in_use);
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
  error_code failed;
  acceptor_.open(asio::local::stream_protocol(), failed);
  if (!failed) acceptor_.bind(asio::local::stream_protocol::endpoint(path), failed);
  if (!failed && ::chmod(path.c_str(), options_->mode) != 0)
    failed.assign(errno, boost::system::system_category());
  if (failed) return cannot_listen(path, failed);
  auto options = std::make_shared<ListenerOptions>(*options_);
  options->policy.name = name_of(Transport::unix_socket, path);
  options_ = std::move(options);
  return {};
}

core::Result<bool> Listener::reload_certificates(int64_t wall_ms) {
  const auto clients = options_->policy.dialect == Dialect::iot_edge ? ClientCertificates::shown
                                                                     : ClientCertificates::verified;
  auto loaded = TlsContext::load(options_->tls, alpn_of(options_->transport), clients);
  if (!loaded) return core::fail(loaded.error().code, "listener " + name() + ": " + loaded.error().what);
  if (tls_ && tls_->is_same(*loaded)) return false;
  const std::string drawback = loaded->drawback(wall_ms);
  if (tls_ && !drawback.empty() && tls_->drawback(wall_ms).empty()) {
    return core::fail(core::Errc::invalid,
                      "listener " + name() + ": tls.cert_file " + options_->tls.cert_file + ": " + drawback);
  }
  tls_ = *std::move(loaded);
  return true;
}

std::optional<int64_t> Listener::certificate_expires_wall_ms() const {
  return tls_ ? std::optional(tls_->expires_wall_ms()) : std::nullopt;
}

core::Status Listener::start(ConnectionPool& pool) {
  pool_ = &pool;
  number_ = pool.admission().add_listener(options_->connections_max);
  error_code failed;
  acceptor_.listen(kBacklog, failed);
  if (!failed) acceptor_.non_blocking(true, failed);
  if (failed) return cannot_listen(name(), failed);
  wait();
  return {};
}

void Listener::close() {
  if (!acceptor_.is_open()) return;
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  if (options_->transport == Transport::unix_socket) ::unlink(options_->path.c_str());
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](const error_code& failed) {
    if (!failed) accept_some();
  });
}

void Listener::accept_some() {
  for (int i = 0; i < (tls_ ? kTlsAcceptedAtOnce : kAcceptedAtOnce); ++i) {
    if (!acceptor_.is_open()) return;  // closed meanwhile: whoever just came in is not let in
    if (tls_ && !pool_->handshakes().has_room()) return accept_later(kFull);
    if (accept_one()) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return wait();
    if (errno == ECONNABORTED || errno == EINTR) continue;  // who came is gone again
    tell_of_failure(std::strerror(errno));
    return accept_later(kRetry);
  }
  wait();
}

// The cause lasts, and is met again with each attempt.
void Listener::tell_of_failure(const char* error) {
  const auto untold = failures_told_.admit(name(), pool_->now());
  if (untold)
    log_.warn("accept_failed", {{"listener", name()}, {"error", error}, {"failed_before", *untold}});
}

bool Listener::accept_one() {
  sockaddr_storage from{};
  socklen_t bytes = sizeof(from);
  const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&from), &bytes,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return false;
  const Admission::Ticket ticket{number_, net_of(from)};
  std::string peer = peer_of(from, bytes);
  if (!is_let_in(ticket, peer)) {
    ::close(fd);
    return true;
  }
  Wire::Socket socket(io_.get_executor());
  error_code failed;
  socket.assign(Protocol(from.ss_family, 0), fd, failed);
  if (failed) ::close(fd);
  if (failed) {  // out of memory
    pool_->admission().leave(ticket);
    return true;
  }
  if (from.ss_family != AF_UNIX) prepare_tcp(fd);
  const auto dates = pool_->now().clock_right ? CertificateDates::checked : CertificateDates::doubtful;
  auto handshake =
      tls_ ? std::make_unique<TlsHandshake>(tls_->shared(), fd, options_->tls.identity, dates) : nullptr;
  pool_->add({std::move(socket), std::move(handshake), std::move(peer), options_, ticket});
  return true;
}

bool Listener::is_let_in(const Admission::Ticket& ticket, const std::string& peer) {
  const Admission::Verdict verdict = pool_->admission().admit(ticket, pool_->now());
  if (verdict.tell) {
    log_.warn("connection_refused", {{"peer", peer},
                                     {"listener", name()},
                                     {"limit", limit_of(verdict.refusal)},
                                     {"refused_before", verdict.untold}});
  }
  return verdict.refusal == Refusal::none;
}

void Listener::accept_later(std::chrono::milliseconds pause) {
  retry_.expires_after(pause);
  retry_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) accept_some();
  });
}

}  // namespace headgate::broker
