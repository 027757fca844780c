#include "broker/net/tls_handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace headgate::broker {

void TlsHandshake::step() {
  ERR_clear_error();
  if (!session_) session_ = make_session(*std::exchange(context_, nullptr), socket_, dates_);
  then_ = session_ ? after_accept(SSL_accept(session_.get())) : Then::failed;
  if (then_ == Then::failed) error_ = reason();
  if (then_ != Then::done) return;
  certificate_name_ = client_name(session_.get(), identity_);
  certificates_ = client_certificates(session_.get());
  took_wrong_dates_ = dates_ == CertificateDates::doubtful && has_wrong_dates(session_.get());
}

TlsHandshake::Then TlsHandshake::after_accept(int result) const {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE:
      return Then::done;
    case SSL_ERROR_WANT_READ:
      return Then::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Then::want_write;
    default:
      return Then::failed;
  }
}

std::string TlsHandshake::reason() const {
  const long verified = session_ ? SSL_get_verify_result(session_.get()) : X509_V_OK;
  const bool was_judged = verified != X509_V_OK && verified != X509_V_ERR_APPLICATION_VERIFICATION;
  if (was_judged) return X509_verify_cert_error_string(verified);
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "the client went away";
}

}  // namespace headgate::broker
