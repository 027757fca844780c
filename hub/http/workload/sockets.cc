#include "hub/http/workload/sockets.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
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

#include "core/text.h"

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
constexpr mode_t kOwnedSocketMode = 0660;
constexpr std::chrono::seconds kAcceptAgain{1};
constexpr const char* kSocketName = "workload.sock";

core::Status make_dir(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return core::fail(core::Errc::io, path + ": cannot be made: " + std::strerror(errno));
}

// Number of a user or group by its name or as it is written. nullopt: there is none.
std::optional<uid_t> user_number(const std::string& name) {
  if (const auto number = core::parse_whole<uint32_t>(name)) return *number;
  const passwd* const found = getpwnam(name.c_str());
  return found == nullptr ? std::nullopt : std::optional(found->pw_uid);
}
std::optional<gid_t> group_number(const std::string& name) {
  if (const auto number = core::parse_whole<uint32_t>(name)) return *number;
  const group* const found = getgrnam(name.c_str());
  return found == nullptr ? std::nullopt : std::optional(found->gr_gid);
}

// Gives a file to "user:group". `path`: how it is reached; in errors it is not named.
core::Status give_to(const std::string& path, const std::string& owner) {
  constexpr auto kStays = static_cast<uid_t>(-1);
  const size_t colon = owner.find(':');
  const std::string user_name = owner.substr(0, colon);
  const std::string group_name = colon == std::string::npos ? "" : owner.substr(colon + 1);
  const auto uid = user_name.empty() ? std::optional(kStays) : user_number(user_name);
  const auto gid = group_name.empty() ? std::optional(static_cast<gid_t>(kStays)) : group_number(group_name);
  if (!uid || !gid)
    return core::fail(core::Errc::invalid, "socket_owner " + owner + ": there is no such " +
                                               (uid ? "group " + group_name : "user " + user_name));
  if (lchown(path.c_str(), *uid, *gid) == 0) return {};
  return core::fail(core::Errc::io,
                    "cannot be given to " + owner + ": " + std::strerror(errno) +
                        "; a hub that is not root gives it to a group that its user is in: \":group\"");
}

mode_t mode_of(const ModuleSocket& wanted) {
  if (wanted.mode.empty()) return wanted.owner.empty() ? kWorkloadSocketMode : kOwnedSocketMode;
  return static_cast<mode_t>(core::parse_whole<uint32_t>(wanted.mode, 8).value_or(kOwnedSocketMode));
}

}  // namespace

// Listens for one module, and knows the connections; they know it weakly.
class WorkloadSockets::Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(WorkloadSockets& owner, ModuleSocket wanted)
      : owner_(owner), wanted_(std::move(wanted)), acceptor_(owner.io_), again_(owner.io_) {}

  [[nodiscard]] const ModuleSocket& wanted() const { return wanted_; }

  core::Status listen() {
    const std::string folder = owner_.dir_ + "/" + wanted_.module + ".sock.d";
    if (core::Status made = make_dir(folder, kSocketDirMode); !made) return made;
    const int dir = open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) return core::fail(core::Errc::io, folder + ": " + std::strerror(errno));
    (void)unlinkat(dir, kSocketName, 0);
    // By this name paths of any length fit into the address of a socket.
    const std::string path = "/proc/self/fd/" + std::to_string(dir) + "/" + kSocketName;
    const core::Status bound = bind(path);
    ::close(dir);
    if (!bound) {
      (void)unlink((folder + "/" + kSocketName).c_str());  // nobody else is to have it
      return core::fail(bound.error().code, folder + ": " + bound.error().what);
    }
    file_ = folder + "/" + kSocketName;
    link_ = owner_.dir_ + "/" + wanted_.module + ".sock";
    (void)unlink(link_.c_str());
    if (symlink((wanted_.module + ".sock.d/" + kSocketName).c_str(), link_.c_str()) != 0)
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
          socket->wanted_.module, {{request.method_string().data(), request.method_string().size()},
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

  // Makes the socket with its mode at once, and lets nobody connect before it is its owner's.
  core::Status bind(const std::string& path) {
    const mode_t mode = mode_of(wanted_);
    error_code error;
    acceptor_.open(Local(), error);
    // Linux makes the file with the mode of the unbound socket, less the umask of the process.
    if (!error && fchmod(acceptor_.native_handle(), mode) != 0)
      error = error_code(errno, boost::system::system_category());
    if (!error) acceptor_.bind(Local::endpoint(path), error);
    if (!error && !wanted_.owner.empty())
      if (core::Status given = give_to(path, wanted_.owner); !given) return given;
    if (!error && chmod(path.c_str(), mode) != 0) error = error_code(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return core::fail(core::Errc::io, "cannot be listened on: " + error.message());
    return {};
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
    if (const auto left_out = owner_.refusals_.admit(wanted_.module, owner_.clock_.now()))
      owner_.log_.warn("workload_refused", {{"module", wanted_.module},
                                            {"status", static_cast<uint64_t>(answer.status)},
                                            {"answer", answer.body},
                                            {"left_out", *left_out}});
  }

  WorkloadSockets& owner_;
  const ModuleSocket wanted_;
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

core::Status WorkloadSockets::serve(const std::vector<ModuleSocket>& modules) {
  if (core::Status made = make_dir(dir_, kDirMode); !made) return made;
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    const bool wanted = std::ranges::find(modules, it->second->wanted()) != modules.end();
    if (!wanted) it->second->close();
    it = wanted ? std::next(it) : sockets_.erase(it);
  }
  for (const ModuleSocket& wanted : modules) {
    if (sockets_.contains(wanted.module)) continue;
    auto socket = std::make_shared<Socket>(*this, wanted);
    if (const core::Status listening = socket->listen(); !listening) {
      log_.error("workload_socket_failed", {{"module", wanted.module}, {"error", listening.error().what}});
      socket->close();
      continue;
    }
    sockets_.emplace(wanted.module, std::move(socket));
  }
  return {};
}

void WorkloadSockets::close() {
  for (const auto& [module, socket] : sockets_) socket->close();
  sockets_.clear();
}

}  // namespace headgate::hub
