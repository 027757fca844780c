// A client of OpenSSL's on one end of a socket pair, and the hub's certificates, for tests of the hub's end.
#pragma once

#include <memory>
#include <string>

#include "broker/net/listener_options.h"
#include "broker/net/tls.h"
#include "tests/support/temp_dir.h"

struct ssl_session_st;

namespace headgate::testing {

// Files of a hub, an authority and clients, made with openssl.
class TlsFiles {
 public:
  TlsFiles();
  [[nodiscard]] std::string path(const std::string& name) const { return dir_.path() + "/" + name; }
  // The hub's own certificate; with `authority`, clients are asked for one of "ca".
  [[nodiscard]] broker::TlsOptions hub(bool demands_certificate = false) const;

 private:
  void shell(const std::string& script) const;
  TempDir dir_;
};

// Both ends are non-blocking.
class TlsClient {
 public:
  struct How {
    int version = 0;               // TLS1_2_VERSION, TLS1_3_VERSION; 0: any
    std::string certificate = {};  // "client": client.pem and client.key; "old" has expired
    std::string alpn = {};         // "mqtt"
    ssl_session_st* resume = nullptr;
  };
  TlsClient(const TlsFiles& files, const How& how);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // The hub's end of the pair. release: whoever calls it closes it.
  [[nodiscard]] int hub_end() const { return hub_end_; }
  [[nodiscard]] int release_hub_end();
  [[nodiscard]] int socket() const { return socket_; }

  // Goes on as far as it can without waiting; true once its side of the handshake is done.
  bool shake_hands();
  bool send(const std::string& bytes);
  // All that has come; empty: nothing.
  [[nodiscard]] std::string receive();
  // True once the hub has closed.
  [[nodiscard]] bool is_closed();
  void close();
  [[nodiscard]] ssl_st* ssl() { return ssl_.get(); }

 private:
  int socket_ = -1;
  int hub_end_ = -1;
  broker::SharedTlsContext context_;
  broker::TlsSession ssl_;
};

}  // namespace headgate::testing
