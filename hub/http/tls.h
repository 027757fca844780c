// The HTTP server's end of TLS: its certificate, and the handshakes of its clients, which a worker takes. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "broker/net/handshakes.h"
#include "broker/net/tls.h"
#include "core/result.h"

namespace headgate::hub {

class HttpTls {
 public:
  // Reads the certificates. `worker`, which must outlive this, takes handshakes of nobody else. Errors: io, invalid.
  [[nodiscard]] static core::Result<std::shared_ptr<HttpTls>> load(const broker::TlsOptions& options,
                                                                   broker::HandshakeWorker& worker);

  [[nodiscard]] const broker::SharedTlsContext& context() const { return context_.shared(); }
  [[nodiscard]] broker::Handshakes& handshakes() { return handshakes_; }

  // Reads the certificates again, for connections to come; true if they are others. On failure, and if clients could get in by
  // the old ones at that time and cannot by the new ones, the old ones stay.
  [[nodiscard]] core::Result<bool> reload(int64_t wall_ms);
  [[nodiscard]] int64_t expires_wall_ms() const { return context_.expires_wall_ms(); }
  // The certificate is for a server of that name, or IP address (of IPv6: without brackets).
  [[nodiscard]] bool is_named(const std::string& host) const;

 private:
  HttpTls(broker::TlsOptions options, broker::TlsContext context, broker::HandshakeWorker& worker);

  broker::TlsOptions options_;
  broker::TlsContext context_;
  broker::Handshakes handshakes_;
};

}  // namespace headgate::hub
