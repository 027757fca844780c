#include "hub/http/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace headgate::hub {
namespace {

constexpr const char* kHttpAlpn = "http/1.1";

core::Error of_http(const core::Error& error) { return {error.code, "admin.http.tls: " + error.what}; }

}  // namespace

HttpTls::HttpTls(broker::TlsOptions options, broker::TlsContext context, broker::HandshakeWorker& worker)
    : options_(std::move(options)), context_(std::move(context)), handshakes_(worker) {}

core::Result<std::shared_ptr<HttpTls>> HttpTls::load(const broker::TlsOptions& options,
                                                     broker::HandshakeWorker& worker) {
  auto context = broker::TlsContext::load(options, kHttpAlpn);
  if (!context) return core::fail(of_http(context.error()));
  return std::shared_ptr<HttpTls>(new HttpTls(options, *std::move(context), worker));
}

core::Result<bool> HttpTls::reload(int64_t wall_ms) {
  auto loaded = broker::TlsContext::load(options_, kHttpAlpn);
  if (!loaded) return core::fail(of_http(loaded.error()));
  if (context_.is_same(*loaded)) return false;
  const std::string drawback = loaded->drawback(wall_ms);
  if (!drawback.empty() && context_.drawback(wall_ms).empty())
    return core::fail(core::Errc::invalid,
                      "admin.http.tls.cert_file " + options_.cert_file + ": " + drawback);
  context_ = *std::move(loaded);
  return true;
}

bool HttpTls::is_named(const std::string& host) const {
  X509* const certificate = SSL_CTX_get0_certificate(context_.shared().get());
  if (certificate == nullptr) return false;
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

}  // namespace headgate::hub
