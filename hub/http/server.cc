#include "hub/http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "hub/config/config.h"
#include "hub/http/connection.h"

namespace headgate::hub {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr mode_t kSocketMode = 0600;
constexpr std::chrono::seconds kAcceptRetry{1};

core::Error io_error(const std::string& path, std::string_view what, std::string_view why) {
  return {core::Errc::io, "admin socket " + path + ": " + std::string(what) + ": " + std::string(why)};
}

std::string address_of(const Local::socket&) { return "socket"; }

std::string address_of(const Tcp::socket& socket) {
  error_code error;
  const Tcp::endpoint peer = socket.remote_endpoint(error);
  return error ? "gone" : peer.address().to_string() + ":" + std::to_string(peer.port());
}

// Removes a socket file on which nobody answers.
core::Status remove_stale(asio::io_context& io, const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? core::Status()
                           : core::fail(io_error(path, "cannot be looked at", std::strerror(errno)));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return core::fail(core::Errc::invalid,
                      "admin socket " + path +
                          ": something that is not a socket is there; move it away, or set "
                          "admin.socket to another path");
  }
  Local::socket probe(io);
  error_code error;
  probe.connect(Local::endpoint(path), error);
  if (!error) {
    return core::fail(core::Errc::unavailable,
                      "admin socket " + path +
                          ": another hub answers on it; stop it, or set admin.socket to another "
                          "path");
  }
  if (error != asio::error::connection_refused) {
    return core::fail(io_error(path, "cannot be tried", error.message()));
  }
  if (unlink(path.c_str()) != 0)
    return core::fail(io_error(path, "cannot be replaced", std::strerror(errno)));
  return {};
}

}  // namespace

class AdminServer::Listening {
 public:
  virtual ~Listening() = default;
  virtual void close() = 0;
  virtual void use(Tokens tokens) = 0;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

// Owns the acceptor and the entrance, which knows the connections; they know it weakly.
template <typename Protocol>
class AdminServer::Acceptor : public Listening, public std::enable_shared_from_this<Acceptor<Protocol>> {
 public:
  using Ready = std::function<error_code(typename Protocol::acceptor& acceptor)>;

  explicit Acceptor(Entrance entrance)
      : entrance_(std::make_shared<Entrance>(std::move(entrance))),
        acceptor_(entrance_->io),
        retry_(entrance_->io) {}

  // `ready`: between making the socket and binding it. `file`: removed at the end.
  error_code listen(const typename Protocol::endpoint& endpoint, const Ready& ready, std::string file = {}) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) error = ready(acceptor_);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      error_code ignored;
      acceptor_.close(ignored);
      return error;
    }
    file_ = std::move(file);
    accept();
    return {};
  }

  void close() override {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    const auto connections = std::move(entrance_->connections);
    entrance_->connections.clear();
    for (const auto& connection : connections) connection->close();
    entrance_->deserted.clear();
    entrance_->deserted_end.reset();
    if (!file_.empty()) unlink(file_.c_str());
    file_.clear();
  }

  void use(Tokens tokens) override {
    if (!entrance_->door) return;
    entrance_->door->use(std::move(tokens));
    const auto connections = entrance_->connections;
    for (const auto& connection : connections) connection->look_again(*entrance_->door);
  }

  [[nodiscard]] uint16_t port() const override {
    if constexpr (std::is_same_v<Protocol, Tcp>) return acceptor_.local_endpoint().port();
    return 0;
  }

 private:
  void accept() {
    acceptor_.async_accept(
        [weak = this->weak_from_this()](error_code error, typename Protocol::socket socket) {
          if (const auto self = weak.lock()) self->on_accept(error, std::move(socket));
        });
  }

  void on_accept(error_code error, typename Protocol::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) return accept_later(error);
    if (entrance_->connections.size() >= entrance_->limits.connections_max) make_room();
    if (entrance_->connections.size() >= entrance_->limits.connections_max) {
      entrance_->log.warn("admin_connection_refused",
                          {{"reason", "too many"}, {"connections_max", entrance_->limits.connections_max}});
    } else {
      std::string from = address_of(socket);
      serve(entrance_, std::move(socket), std::move(from));
    }
    accept();
  }

  // A browser keeps connections for requests that may never come: the one that waits for longest goes.
  void make_room() {
    std::shared_ptr<HttpConnection> longest;
    std::optional<int64_t> since_ms;
    for (const auto& connection : entrance_->connections) {
      const auto idle_since_ms = connection->idle_since_ms();
      if (!idle_since_ms || (since_ms && *since_ms <= *idle_since_ms)) continue;
      since_ms = idle_since_ms;
      longest = connection;
    }
    if (longest) longest->close();
  }

  // Out of file descriptors, most likely: trying again at once would spin.
  void accept_later(error_code error) {
    entrance_->log.warn("admin_accept_failed", {{"error", error.message()}});
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([weak = this->weak_from_this()](error_code cancelled) {
      const auto self = weak.lock();
      if (self && !cancelled) self->accept();
    });
  }

  std::shared_ptr<Entrance> entrance_;
  typename Protocol::acceptor acceptor_;
  asio::steady_timer retry_;
  std::string file_;
};

AdminServer::AdminServer(asio::io_context& io, AdminApi& api, core::Log& log, AdminLimits limits,
                         std::span<const Page> pages)
    : io_(io), api_(api), log_(log), limits_(limits), pages_(pages) {}

AdminServer::~AdminServer() { close(); }

core::Status AdminServer::listen(const std::string& path) {
  if (path.size() > kSocketPathBytesMax) {
    return core::fail(core::Errc::invalid, "admin socket " + path + ": the path has " +
                                               std::to_string(path.size()) +
                                               " bytes; allowed: 107; set admin.socket to a shorter one");
  }
  if (const core::Status ready = remove_stale(io_, path); !ready) return ready;
  // Linux makes the file with the mode of the unbound socket, so that it is never open to others.
  const auto for_owner = [](Local::acceptor& acceptor) {
    return fchmod(acceptor.native_handle(), kSocketMode) == 0
               ? error_code()
               : error_code(errno, boost::system::system_category());
  };
  auto local = std::make_shared<Acceptor<Local>>(Entrance{io_, api_, log_, limits_, pages_});
  if (const error_code error = local->listen(Local::endpoint(path), for_owner, path))
    return core::fail(io_error(path, "cannot be made", error.message()));
  local_ = std::move(local);
  return {};
}

core::Status AdminServer::listen_tcp(const std::string& address, uint16_t port, Door door,
                                     std::shared_ptr<HttpTls> tls) {
  error_code error;
  const auto at = asio::ip::make_address(address, error);
  const auto again = [](Tcp::acceptor& acceptor) {
    error_code failed;
    acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    return failed;
  };
  auto tcp = std::make_shared<Acceptor<Tcp>>(
      Entrance{io_, api_, log_, limits_, pages_, std::make_unique<Door>(std::move(door)), std::move(tls)});
  if (!error) error = tcp->listen({at, port}, again);
  if (error)
    return core::fail(core::Errc::io, "HTTP on " + address + " port " + std::to_string(port) +
                                          ": cannot listen: " + error.message() +
                                          "; set admin.http.port to another");
  tcp_ = std::move(tcp);
  return {};
}

uint16_t AdminServer::tcp_port() const { return tcp_ ? tcp_->port() : 0; }

void AdminServer::use(Tokens tokens) {
  if (tcp_) tcp_->use(std::move(tokens));
}

void AdminServer::close() {
  for (auto* const one : {&local_, &tcp_}) {
    if (const auto listening = std::exchange(*one, nullptr)) listening->close();
  }
}

}  // namespace headgate::hub
