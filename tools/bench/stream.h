// A non-blocking byte stream to the broker: TCP, a Unix socket, or TLS over TCP.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "tools/bench/options.h"

struct ssl_st;
struct ssl_ctx_st;

namespace headgate::tools::bench {

// Where to connect, resolved once, and how to speak TLS there.
class Peer {
 public:
  // Looks the host up. Where it has several addresses, takes the first that answers, waiting for each at most
  // `options.connect_timeout_s`. Errors: invalid (files that cannot be used), unavailable (the name is
  // unknown).
  [[nodiscard]] static core::Result<Peer> resolve(const Options& options);

 private:
  friend class Stream;
  [[nodiscard]] core::Status look_up(const Options& options);
  [[nodiscard]] core::Status use_unix(const std::string& path);
  [[nodiscard]] core::Status use_tls(const Options& options);
  [[nodiscard]] int family() const { return address_.ss_family; }

  sockaddr_storage address_{};
  socklen_t address_bytes_ = 0;
  std::shared_ptr<ssl_ctx_st> tls_;  // null: plain
  std::string name_;                 // what the certificate must say; empty: any will do
};

// Outcome of a step of I/O.
enum class Io : uint8_t { done, blocked, closed, failed };

class Stream {
 public:
  ~Stream() { close(); }
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Begins to connect; the socket becomes writable when that has ended. Errors: io.
  [[nodiscard]] core::Status open(const Peer& peer);

  // Goes on with connecting and the TLS handshake: `done` when bytes can flow.
  [[nodiscard]] Io establish();

  // Reads what there is, up to `size`; `bytes` says how much came. Blocked and done may both have bytes.
  [[nodiscard]] Io read(char* into, size_t size, size_t& bytes);
  [[nodiscard]] Io write(std::string_view data, size_t& bytes);

  // TLS holds bytes that the socket no longer shows: read again.
  [[nodiscard]] bool has_more() const;
  // `blocked` was for the socket to become writable, not readable.
  [[nodiscard]] bool wants_write() const { return wants_write_; }

  [[nodiscard]] const std::string& why() const { return why_; }  // of `failed`
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  [[nodiscard]] Io finish_connect();
  [[nodiscard]] Io tls_outcome(int rc);
  [[nodiscard]] Io read_tls(char* into, size_t size, size_t& bytes);
  [[nodiscard]] Io failed_with(int error);

  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  int fd_ = -1;
  bool connected_ = false;
  bool wants_write_ = true;
  std::unique_ptr<ssl_st, FreeSsl> tls_;
  std::string why_;
};

}  // namespace headgate::tools::bench
