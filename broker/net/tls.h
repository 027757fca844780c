// The server's side of TLS: certificates from files, checked and made into an OpenSSL context.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/net/listener_options.h"
#include "core/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace headgate::broker {

struct FreeTlsSession {
  void operator()(ssl_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_st, FreeTlsSession>;
// Certificates and rules, which OpenSSL lets threads share.
using SharedTlsContext = std::shared_ptr<ssl_ctx_st>;

// The fate of certificates that clients show.
enum class ClientCertificates : uint8_t {
  verified,  // those of TlsOptions::ca_file are asked for, and no others are taken
  shown,  // any is asked for, none is insisted on, and who signed it is judged later; see client_certificates()
};

// Immutable. After a reload there is a new one; sessions keep what they need of theirs.
class TlsContext {
 public:
  // Reads the files. `alpn`: the protocol that is chosen if the client offers it. Errors: whole sentences
  // that name the file; io (cannot be read), invalid (not PEM, the key is of another certificate).
  [[nodiscard]] static core::Result<TlsContext> load(
      const TlsOptions& options, const char* alpn, ClientCertificates clients = ClientCertificates::verified);

  // For handshakes, which may end after this context does.
  [[nodiscard]] const SharedTlsContext& shared() const { return context_; }
  // When the hub's own certificate ends, Unix time.
  [[nodiscard]] int64_t expires_wall_ms() const { return expires_wall_ms_; }
  // Words for why clients cannot get in by it at that time: expired, not valid yet, not made for servers, no
  // authority of client certificates that is valid. Empty: nothing is wrong with it.
  [[nodiscard]] std::string drawback(int64_t wall_ms) const;
  // True if the certificate, its chain and the authorities of clients are the same.
  [[nodiscard]] bool is_same(const TlsContext& other) const { return fingerprint_ == other.fingerprint_; }

 private:
  explicit TlsContext(SharedTlsContext context);

  SharedTlsContext context_;
  int64_t expires_wall_ms_;
  std::string fingerprint_;
};

// The fate of a client's certificate that seems to have expired, or not to be valid yet.
enum class CertificateDates : uint8_t {
  checked,   // it is refused
  doubtful,  // it is taken: nobody knows whether the hub's clock is right (docs/adr/0042)
};

// A server's session on `socket`, which stays its owner's. Null when memory is short. Any thread.
[[nodiscard]] TlsSession make_session(ssl_ctx_st& context, int socket, CertificateDates dates);

// A certificate that the client has proved to have, or one that it was made with, is out of its dates.
[[nodiscard]] bool has_wrong_dates(const ssl_st* session);

// The name in the certificate that the client has proved to have; nullopt if there is none.
[[nodiscard]] std::optional<std::string> client_name(const ssl_st* session, CertificateIdentity identity);

// Certificates in DER that the client has shown and nobody has verified but for the key of the first: its own, then what it sent along.
// Empty: there is none, or it was verified.
[[nodiscard]] std::vector<std::string> client_certificates(const ssl_st* session);

}  // namespace headgate::broker
