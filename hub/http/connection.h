// A client of the HTTP server: requests one after the other, until one becomes a stream. Loop thread only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "core/log.h"
#include "core/log_limiter.h"
#include "hub/admin/api.h"
#include "hub/http/door.h"
#include "hub/http/followed.h"
#include "hub/http/pages.h"
#include "hub/http/server.h"
#include "hub/http/tls.h"

namespace headgate::hub {

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  // Ends what it does; its entrance forgets it.
  virtual void close() = 0;
  // Monotonic ms since which it has waited for another request, of which nothing has come yet; nullopt: it does not.
  [[nodiscard]] virtual std::optional<int64_t> idle_since_ms() const = 0;
  // Ends a stream of who is not known any more, once the door has other tokens.
  virtual void look_again(const Door& door) = 0;
};

// A place where clients come in, and those who are in. Connections know it weakly.
struct Entrance {
  boost::asio::io_context& io;
  AdminApi& api;
  core::Log& log;
  AdminLimits limits;
  std::span<const Page> pages;
  std::unique_ptr<Door> door = nullptr;    // null: whoever gets here may do everything
  std::shared_ptr<HttpTls> tls = nullptr;  // null: in the clear
  std::set<std::shared_ptr<HttpConnection>> connections = {};
  Deserted deserted = {};
  std::unique_ptr<boost::asio::steady_timer> deserted_end = nullptr;  // of the last of them
  uint64_t streams_begun = 0;
  core::LogLimiter wrong_tokens = core::LogLimiter();       // by address
  core::LogLimiter failed_handshakes = core::LogLimiter();  // the same
};

// Serves a client that came in; `from`: its address.
void serve(const std::shared_ptr<Entrance>& entrance, boost::asio::generic::stream_protocol::socket socket,
           std::string from);

}  // namespace headgate::hub
