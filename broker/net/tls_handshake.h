// A client's TLS handshake, from the first bytes to a session. Steps cost a private-key operation, hundreds of
// microseconds, so a worker thread takes them (handshakes.h): whoever has the handshake has its socket, too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/net/listener_options.h"
#include "broker/net/tls.h"

namespace headgate::broker {

// Owned by one thread at a time. Reads and writes nothing but itself, its socket and OpenSSL's context, which
// threads may share.
class TlsHandshake {
 public:
  enum class Then : uint8_t {
    want_read,   // the next step when the socket is readable
    want_write,  // the next step when it is writable
    done,        // take() the session
    failed,      // see error(); a last alert has been sent if the socket took it
  };

  // `socket`: non-blocking; it stays its owner's, who keeps it open while a step may run.
  TlsHandshake(SharedTlsContext context, int socket, CertificateIdentity identity,
               CertificateDates dates = CertificateDates::checked)
      : context_(std::move(context)), socket_(socket), identity_(identity), dates_(dates) {}

  // Takes what has arrived, works out the answer, sends it. Never waits. Not after `done` or `failed`.
  void step();

  [[nodiscard]] Then then() const { return then_; }
  // Words for `failed`, in OpenSSL's language. Read by the step itself: the queue of errors is its thread's.
  [[nodiscard]] const std::string& error() const { return error_; }
  // From the client's certificate, once `done`; nullopt if there is none.
  [[nodiscard]] std::optional<std::string> take_certificate_name() { return std::move(certificate_name_); }
  // Once `done`: see client_certificates().
  [[nodiscard]] std::vector<std::string> take_certificates() { return std::move(certificates_); }
  // Once `done`: the client's certificate was taken although it is out of its dates.
  [[nodiscard]] bool took_wrong_dates() const { return took_wrong_dates_; }
  // Once `done`.
  [[nodiscard]] TlsSession take() { return std::move(session_); }

 private:
  [[nodiscard]] Then after_accept(int result) const;
  [[nodiscard]] std::string reason() const;

  SharedTlsContext context_;  // null from the first step on: the session has it
  int socket_;
  CertificateIdentity identity_;
  CertificateDates dates_;
  bool took_wrong_dates_ = false;
  Then then_ = Then::want_read;  // the client speaks first
  TlsSession session_;           // made by the first step, so that silent clients cost no memory
  std::string error_;
  std::optional<std::string> certificate_name_;
  std::vector<std::string> certificates_;
};

}  // namespace headgate::broker
