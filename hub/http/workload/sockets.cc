#include "hub/http/workload/sockets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

namespace headgate::hub {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr mode_t kDirMode = 0750;
constexpr mode_t kSocketDirMode = 0755;
constexpr mode_t kWorkloadSocketMode = 0666;
constexpr std::chrono::seconds kAcceptAgain{1};
constexpr const char* kSocketName = "workload.sock";

core::Status make_dir(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return core::fail(core::Errc::io, path + ": cannot be made: " + std::strerror(errno));
}

}  // namespace

// Listens for one module, and knows the connections; they know it weakly.
class WorkloadSockets::Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(WorkloadSockets& owner, std::string module)
      : owner_(owner), module_(std::move(module)), acceptor_(owner.io_), again_(owner.io_) {}

  core::Status listen() {
    const std::string folder = owner_.dir_ + "/" + module_ + ".sock.d";
    if (core::Status made = make_dir(folder, kSocketDirMode); !made) return made;
    const int dir = open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) return core::fail(core::Errc::io, folder + ": " + std::strerror(errno));
    (void)unlinkat(dir, kSocketName, 0);
    // By this name paths of any length fit into the address of a socket.
    const std::string path = "/proc/self/fd/" + std::to_string(dir) + "/" + kSocketName;
    const error_code error = bind(path);
    ::close(dir);
    if (error) return core::fail(core::Errc::io, folder + ": cannot be listened on: " + error.message());
    file_ = folder + "/" + kSocketName;
    link_ = owner_.dir_ + "/" + module_ + ".sock";
    (void)unlink(link_.c_str());
    if (symlink((module_ + ".sock.d/" + kSocketName).c_str(), link_.c_str()) != 0)
      return core::fail(core::Errc::io, link_ + ": cannot be made: " + std::strerror(errno));
    accept();
    return {};
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    again_.cancel();
    const auto connections = std::exchange(connections_, {});
    for (const auto& connection : connections) connection->close();
    for (std::string* path : {&link_, &file_})
      if (!path->empty()) unlink(std::exchange(*path, {}).c_str());
  }

 private:
  // A client: requests one after the other.
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    Connection(const std::shared_ptr<Socket>& socket, Local::socket stream)
        : socket_(socket), stream_(std::move(stream)) {}

    void read() {
      const auto socket = socket_.lock();
      if (!socket) return;
      const WorkloadLimits& limits = socket->owner_.limits_;
      parser_.emplace();
      parser_->header_limit(limits.header_bytes_max);
      parser_->body_limit(limits.body_bytes_max);
      stream_.expires_after(std::chrono::seconds(limits.idle_timeout_s));
      http::async_read(stream_, buffer_, *parser_,
                       [self = shared_from_this()](error_code error, size_t) { self->on_request(error); });
    }

    void close() {
      stream_.close();
      if (const auto socket = socket_.lock()) socket->connections_.erase(shared_from_this());
    }

   private:
    void on_request(error_code error) {
      const auto socket = socket_.lock();
      if (error || !socket) return close();
      const auto& request = parser_->get();
      const WorkloadAnswer answer = socket->owner_.desk_.answer(
          socket->module_, {{request.method_string().data(), request.method_string().size()},
                            {request.target().data(), request.target().size()},
                            request.body()});
      response_ = {http::status(answer.status), request.version()};
      response_.set(http::field::content_type, "application/json");
      response_.body() = answer.body;
      response_.keep_alive(request.keep_alive());
      response_.prepare_payload();
      if (answer.status >= 400) socket->report(answer);
      http::async_write(stream_, response_, [self = shared_from_this()](error_code failed, size_t) {
        failed || !self->response_.keep_alive() ? self->close() : self->read();
      });
    }

    std::weak_ptr<Socket> socket_;
    beast::basic_stream<Local> stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
  };

  error_code bind(const std::string& path) {
    error_code error;
    acceptor_.open(Local(), error);
    // Linux makes the file with the mode of the unbound socket, less the umask of the process.
    if (!error && fchmod(acceptor_.native_handle(), kWorkloadSocketMode) != 0)
      error = error_code(errno, boost::system::system_category());
    if (!error) acceptor_.bind(Local::endpoint(path), error);
    if (!error && chmod(path.c_str(), kWorkloadSocketMode) != 0)
      error = error_code(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([weak = weak_from_this()](error_code error, Local::socket stream) {
      if (const auto self = weak.lock()) self->on_accept(error, std::move(stream));
    });
  }

  void on_accept(error_code error, Local::socket stream) {
    if (!acceptor_.is_open()) return;
    if (error) {  // out of descriptors, most likely
      again_.expires_after(kAcceptAgain);
      return again_.async_wait([weak = weak_from_this()](error_code cancelled) {
        const auto self = weak.lock();
        if (self && !cancelled) self->accept();
      });
    }
    if (connections_.size() < owner_.limits_.connections_max) {
      const auto connection = std::make_shared<Connection>(shared_from_this(), std::move(stream));
      connections_.insert(connection);
      connection->read();
    }
    accept();
  }

  void report(const WorkloadAnswer& answer) {
    if (const auto left_out = owner_.refusals_.admit(module_, owner_.clock_.now()))
      owner_.log_.warn("workload_refused", {{"module", module_},
                                            {"status", static_cast<uint64_t>(answer.status)},
                                            {"answer", answer.body},
                                            {"left_out", *left_out}});
  }

  WorkloadSockets& owner_;
  const std::string module_;
  Local::acceptor acceptor_;
  asio::steady_timer again_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::string file_;
  std::string link_;
};

WorkloadSockets::WorkloadSockets(asio::io_context& io, WorkloadDesk& desk, const core::Clock& clock,
                                 core::Log& log, std::string dir, WorkloadLimits limits)
    : io_(io), desk_(desk), clock_(clock), log_(log), dir_(std::move(dir)), limits_(limits) {}

WorkloadSockets::~WorkloadSockets() { close(); }

core::Status WorkloadSockets::serve(const std::vector<std::string>& modules) {
  if (core::Status made = make_dir(dir_, kDirMode); !made) return made;
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    const bool wanted = std::ranges::find(modules, it->first) != modules.end();
    if (!wanted) it->second->close();
    it = wanted ? std::next(it) : sockets_.erase(it);
  }
  for (const std::string& module : modules) {
    if (sockets_.contains(module)) continue;
    auto socket = std::make_shared<Socket>(*this, module);
    if (const core::Status listening = socket->listen(); !listening) {
      log_.error("workload_socket_failed", {{"module", module}, {"error", listening.error().what}});
      socket->close();
      continue;
    }
    sockets_.emplace(module, std::move(socket));
  }
  return {};
}

void WorkloadSockets::close() {
  for (const auto& [module, socket] : sockets_) socket->close();
  sockets_.clear();
}

}  // namespace headgate::hub
