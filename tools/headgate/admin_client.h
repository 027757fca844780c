// The tool's end of the admin socket (hub/admin/api.h lists what can be asked).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace headgate::tools {

class AdminClient {
 public:
  // Returns false to end the stream.
  using OnLine = std::function<bool(std::string_view line)>;

  virtual ~AdminClient() = default;

  // The JSON body of a GET. Errors: unavailable when no hub answers, otherwise what the hub said.
  [[nodiscard]] virtual core::Result<std::string> get(const std::string& target) = 0;

  // The JSON body of a POST without one. Waits for as long as the hub works on it. Errors: as get().
  [[nodiscard]] core::Result<std::string> post(const std::string& target) { return post(target, {}); }
  // With a body.
  [[nodiscard]] virtual core::Result<std::string> post(const std::string& target,
                                                       const std::string& body) = 0;

  // Calls `on_line` for each line of a stream. Blocks until the callback ends it (ok), or with an error when
  // the hub refuses or goes away.
  [[nodiscard]] virtual core::Status stream(const std::string& target, const OnLine& on_line) = 0;
};

// HTTP/1.1 over the hub's Unix socket, one connection a call.
class UnixAdminClient : public AdminClient {
 public:
  explicit UnixAdminClient(std::string socket) : socket_(std::move(socket)) {}

  [[nodiscard]] core::Result<std::string> get(const std::string& target) override;
  using AdminClient::post;
  [[nodiscard]] core::Result<std::string> post(const std::string& target, const std::string& body) override;
  [[nodiscard]] core::Status stream(const std::string& target, const OnLine& on_line) override;

 private:
  std::string socket_;
};

// RFC 3986: everything but unreserved characters is escaped, "/" too.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace headgate::tools
