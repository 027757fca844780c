#include "broker/net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "core/os/file_rights.h"

namespace headgate::broker {
namespace {

constexpr int kNotVerified = X509_V_ERR_APPLICATION_VERIFICATION;  // of certificates that are only shown
// Forward secrecy and authenticated encryption, no more. TLS 1.3 has nothing else.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SRP";

template <auto free>
struct FreeWith {
  void operator()(auto* thing) const { free(thing); }
};
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

std::string openssl_error() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown error";
}

core::Error wrong(const std::string& key, const std::string& file, const std::string& what) {
  return {core::Errc::invalid, key + " " + file + ": " + what};
}

// OpenSSL does not say whether a file is missing or may not be read.
core::Status check_readable(const std::string& key, const std::string& file) {
  // To open a pipe would be to wait for its writer.
  std::error_code missing;
  if (std::filesystem::exists(file, missing) && !std::filesystem::is_regular_file(file, missing))
    return core::fail(wrong(key, file, "is not a regular file"));
  const std::ifstream stream(file);
  if (stream) return {};
  return core::fail(core::Errc::io,
                    key + " " + file + ": cannot be read: " + core::why_unreadable(file, errno));
}

// OpenSSL asks on the terminal otherwise.
int no_passphrase(char*, int, int, void*) { return 0; }

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void* known) {
  const std::string_view wanted(static_cast<const char*>(known));
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_bytes);
  while (!rest.empty()) {
    const size_t bytes = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, bytes);
    if (name == wanted) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *chosen_bytes = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min(bytes + 1, rest.size()));
  }
  return SSL_TLSEXT_ERR_NOACK;  // a client that offers only others is served all the same
}

void set_up(SSL_CTX* context, const TlsOptions& options, const char* alpn) {
  SSL_CTX_set_min_proto_version(context,
                                options.min_version == TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kTls12Ciphers);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Small while idle: no buffers kept, no cache of sessions (tickets do that).
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, const_cast<char*>(alpn));
}

core::Status use_certificate(SSL_CTX* context, const TlsOptions& options) {
  if (auto readable = check_readable("tls.cert_file", options.cert_file); !readable) return readable;
  if (auto readable = check_readable("tls.key_file", options.key_file); !readable) return readable;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
    return core::fail(wrong("tls.cert_file", options.cert_file,
                            "holds no certificate in PEM (" + openssl_error() +
                                "); it must begin with -----BEGIN CERTIFICATE-----"));
  }
  // This also compares the key with the certificate.
  if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) == 1) return {};
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const bool mismatch = reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
  return core::fail(wrong("tls.key_file", options.key_file,
                          mismatch
                              ? "is not the key of the certificate in " + options.cert_file +
                                    "; name the key that it was made with"
                              : "holds no private key in PEM without passphrase (" + openssl_error() + ")"));
}

// The key is proved by the handshake all the same. Without the mark the certificate would count as verified.
int take_any(X509_STORE_CTX* chain, void*) {
  X509_STORE_CTX_set_error(chain, kNotVerified);
  return 1;
}

// A session that is resumed has no chain any more, so there are none.
void ask_for_any_certificate(SSL_CTX* context) {
  constexpr long kChainBytesMax = 32 * 1024;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, take_any, nullptr);
  SSL_CTX_set_max_cert_list(context, kChainBytesMax);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}

core::Status use_client_authorities(SSL_CTX* context, const TlsOptions& options) {
  if (options.ca_file.empty()) return {};
  const std::string& file = options.ca_file;
  if (auto readable = check_readable("tls.client_ca_file", file); !readable) return readable;
  ERR_clear_error();
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    return core::fail(
        wrong("tls.client_ca_file", file, "holds no certificate in PEM (" + openssl_error() + ")"));
  }
  SSL_CTX_set_client_CA_list(context, names);  // takes it over
  const int demanded = options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | demanded, nullptr);
  // Without an id, OpenSSL refuses to resume sessions of clients that have certificates.
  constexpr std::string_view kSessions = "headgate";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessions.data()),
                                 kSessions.size());
  return {};
}

// Unix time; `unknown` if it is none.
int64_t wall_ms_of(const ASN1_TIME* time, int64_t unknown) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return unknown;
  return int64_t{timegm(&parts)} * 1000;
}

int64_t begin_of(const X509* certificate) {
  return certificate == nullptr ? 0 : wall_ms_of(X509_get0_notBefore(certificate), 0);
}

int64_t end_of(const X509* certificate) {
  return certificate == nullptr ? INT64_MAX : wall_ms_of(X509_get0_notAfter(certificate), INT64_MAX);
}

bool is_valid_at(const X509* certificate, int64_t wall_ms) {
  return begin_of(certificate) <= wall_ms && wall_ms < end_of(certificate);
}

std::string day_of(int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return {text.data(), size};
}

// Authorities of client certificates that the context trusts.
std::vector<X509*> authorities_of(const SSL_CTX* context) {
  std::vector<X509*> authorities;
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (authority != nullptr) authorities.push_back(authority);
  }
  return authorities;
}

std::string digest_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &bytes) != 1) return "";
  return {reinterpret_cast<const char*>(digest.data()), bytes};
}

std::string fingerprint_of(SSL_CTX* context) {
  std::string all = digest_of(SSL_CTX_get0_certificate(context));
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  for (int i = 0; i < sk_X509_num(chain); ++i) all += digest_of(sk_X509_value(chain, i));
  for (const X509* const authority : authorities_of(context)) all += "/" + digest_of(authority);
  return all;
}

std::optional<std::string> text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int bytes = ASN1_STRING_to_UTF8(&utf8, string);
  if (bytes < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(bytes));
  OPENSSL_free(utf8);
  // A zero inside is how one name is made to look like another.
  if (text.empty() || text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

std::optional<std::string> common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return std::nullopt;
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

std::optional<std::string> alternative_name(const X509* certificate) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    const bool is_text = name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI;
    if (is_text) return text_of(name->d.ia5);
  }
  return std::nullopt;
}

}  // namespace

void FreeTlsSession::operator()(ssl_st* session) const { SSL_free(session); }

core::Result<TlsContext> TlsContext::load(const TlsOptions& options, const char* alpn,
                                          ClientCertificates clients) {
  SharedTlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return core::fail(core::Errc::io, "OpenSSL gives no context: " + openssl_error());
  set_up(context.get(), options, alpn);
  if (const auto used = use_certificate(context.get(), options); !used) return core::fail(used.error());
  if (clients == ClientCertificates::shown) {
    ask_for_any_certificate(context.get());
  } else if (const auto used = use_client_authorities(context.get(), options); !used) {
    return core::fail(used.error());
  }
  return TlsContext(std::move(context));
}

TlsContext::TlsContext(SharedTlsContext context)
    : context_(std::move(context)),
      expires_wall_ms_(end_of(SSL_CTX_get0_certificate(context_.get()))),
      fingerprint_(fingerprint_of(context_.get())) {}

std::string TlsContext::drawback(int64_t wall_ms) const {
  X509* const own = SSL_CTX_get0_certificate(context_.get());
  if (wall_ms >= end_of(own)) return "the certificate expired on " + day_of(end_of(own));
  if (wall_ms < begin_of(own)) return "the certificate is not valid before " + day_of(begin_of(own));
  if (X509_check_purpose(own, X509_PURPOSE_SSL_SERVER, 0) != 1)
    return "the certificate is not one for servers";
  const std::vector<X509*> authorities = authorities_of(context_.get());
  const bool any = std::any_of(authorities.begin(), authorities.end(),
                               [&](const X509* authority) { return is_valid_at(authority, wall_ms); });
  return authorities.empty() || any ? "" : "no certificate in tls.client_ca_file is valid";
}

TlsSession make_session(ssl_ctx_st& context, int socket, CertificateDates dates) {
  TlsSession session(SSL_new(&context));
  if (!session || SSL_set_fd(session.get(), socket) != 1) return nullptr;
  if (dates == CertificateDates::doubtful)
    X509_VERIFY_PARAM_set_flags(SSL_get0_param(session.get()), X509_V_FLAG_NO_CHECK_TIME);
  SSL_set_accept_state(session.get());
  return session;
}

bool has_wrong_dates(const ssl_st* session) {
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(session);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const X509* const certificate = sk_X509_value(chain, i);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return true;
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return true;
  }
  return false;
}

std::vector<std::string> client_certificates(const ssl_st* session) {
  std::vector<std::string> chain;
  if (SSL_get_verify_result(session) != kNotVerified) return chain;
  const auto add = [&chain](const X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    if (size <= 0) return;
    chain.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
  };
  const Certificate own(SSL_get1_peer_certificate(session));
  if (!own) return chain;
  add(own.get());
  const STACK_OF(X509)* const beside = SSL_get_peer_cert_chain(session);
  for (int i = 0; beside != nullptr && i < sk_X509_num(beside); ++i) add(sk_X509_value(beside, i));
  return chain;
}

std::optional<std::string> client_name(const ssl_st* session, CertificateIdentity identity) {
  // Not only present but verified: without authorities OpenSSL asks for none.
  if (identity == CertificateIdentity::none || SSL_get_verify_result(session) != X509_V_OK)
    return std::nullopt;
  const Certificate certificate(SSL_get1_peer_certificate(session));
  if (!certificate) return std::nullopt;
  return identity == CertificateIdentity::common_name ? common_name(certificate.get())
                                                      : alternative_name(certificate.get());
}

}  // namespace headgate::broker
