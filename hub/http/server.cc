#include "hub/http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "hub/admin/call.h"
#include "hub/config/config.h"

namespace headgate::hub {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using boost::system::error_code;

constexpr mode_t kSocketMode = 0600;
constexpr std::chrono::seconds kAcceptRetry{1};

core::Error io_error(const std::string& path, std::string_view what, std::string_view why) {
  return {core::Errc::io, "admin socket " + path + ": " + std::string(what) + ": " + std::string(why)};
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

// Owns the acceptor and knows the connections; they know it weakly.
class AdminServer::Impl : public std::enable_shared_from_this<AdminServer::Impl> {
 public:
  Impl(asio::io_context& io, AdminApi& api, core::Log& log, AdminLimits limits)
      : io_(io), acceptor_(io), retry_(io), api_(api), log_(log), limits_(limits) {}

  core::Status listen(const std::string& path);
  void close();

 private:
  class Connection;

  void accept();
  void on_accept(error_code error, Local::socket socket);
  void accept_later(error_code error);

  asio::io_context& io_;
  Local::acceptor acceptor_;
  asio::steady_timer retry_;
  AdminApi& api_;
  core::Log& log_;
  AdminLimits limits_;
  std::string path_;
  std::set<std::shared_ptr<Connection>> connections_;
};

// A client of the admin socket: requests one after the other, until one becomes a stream.
class AdminServer::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Impl> server, Local::socket socket)
      : server_(std::move(server)),
        stream_(std::move(socket)),
        judge_(stream_.get_executor()),
        buffer_(kBufferBytes) {}

  void start() { read(); }

  // Ends the stream and the socket; the server forgets the connection.
  void close() {
    if (closed_) return;
    closed_ = true;
    subscription_.reset();
    judge_.cancel();
    stream_.close();
    if (const auto server = server_.lock()) server->connections_.erase(shared_from_this());
  }

 private:
  static constexpr size_t kBufferBytes = 64 * 1024;  // of input beyond the parser's own

  void read() {
    const auto server = server_.lock();
    if (!server) return;
    parser_.emplace();
    parser_->header_limit(server->limits_.header_bytes_max);
    parser_->body_limit(server->limits_.body_bytes_max);
    expect_progress(*server);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) { self->on_request(error); });
  }

  void expect_progress(const Impl& server) {
    stream_.expires_after(std::chrono::seconds(server.limits_.idle_timeout_s));
  }

  void on_request(error_code error) {
    const auto server = server_.lock();
    if (!server || closed_) return;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      return respond(failed(error == http::error::body_limit ? 413 : 431, "the request is too large"), false);
    }
    if (error && error.category() == http::make_error_code(http::error::end_of_stream).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return respond(failed(400, "not HTTP: " + error.message()), false);
    }
    if (error) return close();
    dispatch(*server, parser_->release());
  }

  void dispatch(Impl& server, http::request<http::string_body> request) {
    const AdminRequest asked{std::string(request.method_string()), std::string(request.target()),
                             std::move(request.body())};
    AdminReply reply = server.api_.handle(asked);
    if (auto* response = std::get_if<AdminResponse>(&reply))
      return respond(std::move(*response), request.keep_alive());
    if (const auto* later = std::get_if<AdminLater>(&reply)) return await(*later);
    start_stream(std::get<AdminStream>(std::move(reply)));
  }

  void respond(AdminResponse response, bool keep_alive) {
    const auto server = server_.lock();
    if (!server) return;
    response_ = {};
    response_.result(response.status);
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(keep_alive);
    response_.body() = std::move(response.body);
    response_.prepare_payload();
    expect_progress(*server);
    http::async_write(stream_, response_, [self = shared_from_this(), keep_alive](error_code error, size_t) {
      if (error || !keep_alive) return self->close();
      self->read();
    });
  }

  // The work goes on though the client may go away meanwhile. The last answer on this connection.
  void await(const AdminLater& later) {
    stream_.expires_never();
    later.start([weak = weak_from_this()](AdminResponse response) {
      if (const auto self = weak.lock(); self && !self->closed_) self->respond(std::move(response), false);
    });
  }

  // Chunks of whole lines (RFC 9112 section 7.1) until the client goes away.
  void start_stream(AdminStream admin_stream) {
    stream_.expires_never();
    writing_ = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    write_stream();
    watch_for_end();
    subscription_ = admin_stream.open([weak = weak_from_this()](std::string line) {
      if (const auto self = weak.lock()) self->on_line(std::move(line));
    });
  }

  // Nothing is expected from the client any more, so a completed read is its end (or its misbehaviour).
  void watch_for_end() {
    stream_.async_read_some(asio::buffer(&ignored_byte_, 1),
                            [self = shared_from_this()](error_code, size_t) { self->close(); });
  }

  void on_line(std::string line) {
    const auto server = server_.lock();
    if (closed_ || overrun_ || !server) return;
    const AdminLimits& limits = server->limits_;
    if (pending_.size() + line.size() > limits.stream_burst_bytes_max) return drop_slow_client(*server);
    pending_.append(line).push_back('\n');
    if (writing_.empty()) return write_pending();
    if (pending_.size() > limits.stream_bytes_max) judge_later(limits);
  }

  // Much may come in one turn of the loop, before the socket was offered any of it: time tells who is slow.
  void judge_later(const AdminLimits& limits) {
    if (std::exchange(judging_, true)) return;
    judge_.expires_after(std::chrono::milliseconds(limits.stream_behind_ms));
    judge_.async_wait([weak = weak_from_this()](error_code cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self || self->closed_) return;
      self->judging_ = false;
      const auto server = self->server_.lock();
      if (server && self->pending_.size() > server->limits_.stream_bytes_max) self->drop_slow_client(*server);
    });
  }

  // The hub never waits for a client. Closing is posted: this runs inside the subscription's callback.
  void drop_slow_client(Impl& server) {
    overrun_ = true;
    server.log_.warn("admin_stream_dropped", {{"reason", "the client reads too slowly"},
                                              {"bytes_waiting", pending_.size()},
                                              {"bytes_max", server.limits_.stream_bytes_max}});
    asio::post(server.io_, [self = shared_from_this()] { self->close(); });
  }

  void write_pending() {
    char size[2 * sizeof(size_t) + 3];
    std::snprintf(size, sizeof size, "%zx\r\n", pending_.size());
    writing_ = size + pending_ + "\r\n";
    pending_.clear();
    write_stream();
  }

  void write_stream() {
    asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](error_code error, size_t) {
      self->writing_.clear();
      if (error) return self->close();
      if (!self->pending_.empty()) self->write_pending();
    });
  }

  std::weak_ptr<Impl> server_;
  Stream stream_;
  asio::steady_timer judge_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::unique_ptr<Subscription> subscription_;
  std::string pending_;  // whole lines that wait for the write in progress
  std::string writing_;  // being written; empty when no write is in progress
  char ignored_byte_ = 0;
  bool judging_ = false;  // judge_ is running
  bool overrun_ = false;
  bool closed_ = false;
};

core::Status AdminServer::Impl::listen(const std::string& path) {
  if (path.size() > kSocketPathBytesMax) {
    return core::fail(core::Errc::invalid, "admin socket " + path + ": the path has " +
                                               std::to_string(path.size()) +
                                               " bytes; allowed: 107; set admin.socket to a shorter one");
  }
  if (const core::Status ready = remove_stale(io_, path); !ready) return ready;
  error_code error;
  acceptor_.open(Local(), error);
  // Linux makes the file with the mode of the unbound socket, so that it is never open to others.
  if (!error && fchmod(acceptor_.native_handle(), kSocketMode) != 0)
    error.assign(errno, boost::system::system_category());
  if (!error) acceptor_.bind(Local::endpoint(path), error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    acceptor_.close();
    return core::fail(io_error(path, "cannot be made", error.message()));
  }
  path_ = path;
  accept();
  return {};
}

void AdminServer::Impl::close() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  const auto connections = std::move(connections_);
  connections_.clear();
  for (const auto& connection : connections) connection->close();
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

void AdminServer::Impl::accept() {
  acceptor_.async_accept([weak = weak_from_this()](error_code error, Local::socket socket) {
    if (const auto self = weak.lock()) self->on_accept(error, std::move(socket));
  });
}

void AdminServer::Impl::on_accept(error_code error, Local::socket socket) {
  if (!acceptor_.is_open()) return;
  if (error) return accept_later(error);
  if (connections_.size() >= limits_.connections_max) {
    log_.warn("admin_connection_refused",
              {{"reason", "too many"}, {"connections_max", limits_.connections_max}});
  } else {
    const auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
    connections_.insert(connection);
    connection->start();
  }
  accept();
}

// Out of file descriptors, most likely: trying again at once would spin.
void AdminServer::Impl::accept_later(error_code error) {
  log_.warn("admin_accept_failed", {{"error", error.message()}});
  retry_.expires_after(kAcceptRetry);
  retry_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (self && !cancelled) self->accept();
  });
}

AdminServer::AdminServer(asio::io_context& io, AdminApi& api, core::Log& log, AdminLimits limits)
    : impl_(std::make_shared<Impl>(io, api, log, limits)) {}

AdminServer::~AdminServer() { close(); }

core::Status AdminServer::listen(const std::string& path) { return impl_->listen(path); }

void AdminServer::close() { impl_->close(); }

}  // namespace headgate::hub
