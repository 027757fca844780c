// The tool's end of the admin API, over the hub's socket or over HTTP (hub/admin/api.h lists what can be asked).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/tls_files.h"

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

// Where a hub answers, and who asks.
struct HubAddress {
  std::string socket;  // path; empty: over TCP
  std::string host = {};
  std::string port = {};
  std::string token = {};  // empty: none is sent
  bool encrypted = false;  // in TLS
  // Files for TLS; `ca_file` empty: the authorities that the system trusts.
  core::TlsFiles files = {};

  // Names it for people.
  [[nodiscard]] std::string name() const;
};

// http://HOST:PORT or https://HOST:PORT, without a path. Errors: invalid.
[[nodiscard]] core::Result<HubAddress> parse_hub_url(std::string_view url);

// The token of a file of tokens: the first that is written there as it is, and no hash; or the only word of a file. Errors:
// not_found, io, invalid.
[[nodiscard]] core::Result<std::string> read_token(const std::string& path);

// HTTP/1.1, one connection a call.
class HttpAdminClient : public AdminClient {
 public:
  explicit HttpAdminClient(HubAddress at) : at_(std::move(at)) {}

  [[nodiscard]] core::Result<std::string> get(const std::string& target) override;
  using AdminClient::post;
  [[nodiscard]] core::Result<std::string> post(const std::string& target, const std::string& body) override;
  [[nodiscard]] core::Status stream(const std::string& target, const OnLine& on_line) override;

 private:
  HubAddress at_;
};

// RFC 3986: everything but unreserved characters is escaped, "/" too.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace headgate::tools
