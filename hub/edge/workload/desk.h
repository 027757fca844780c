// The workload API of IoT Edge: a module has its token signed without knowing its key, gets to know whom to trust, gets certificates under
// its own name, and has texts encrypted that it alone can have decrypted. Whoever comes by a module's own socket is that module, and gets
// nothing of another. Pure: requests in, answers out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

struct WorkloadRequest {
  std::string_view method;
  std::string_view target;
  std::string_view body;
};

// The body is JSON.
struct WorkloadAnswer {
  unsigned status = 200;
  std::string body = {};
};

// Registration of a module, as far as signing goes. Keys in base64.
struct WorkloadIdentity {
  std::string generation_id = {};
  std::string primary_key = {};
  std::string secondary_key = {};
};

// A certificate that was made for a module.
struct WorkloadCertificate {
  std::string chain = {};  // PEM
  std::string key = {};    // PEM
  int64_t expires_s = 0;
};

// Somebody to be certified: a server under the module's name as that of a host, or the module itself as a client.
struct CertificateWish {
  enum class Kind : uint8_t { server, identity };
  Kind kind = Kind::server;
  std::string module = {};
  std::optional<int64_t> until_s = {};  // nullopt: as long as there is
};

struct WorkloadCounts {
  uint64_t signatures = 0;
  uint64_t certificates = 0;
  uint64_t refused = 0;  // requests for another module, or another generation of it

  friend bool operator==(const WorkloadCounts&, const WorkloadCounts&) = default;
};

class WorkloadDesk {
 public:
  struct Parts {
    // nullopt: there is no such module, or it is disabled.
    std::function<std::optional<WorkloadIdentity>(const std::string& module)> identity_of;
    // Certificates (PEM) of whoever vouches for the listeners. Error: there is none.
    std::function<core::Result<std::string>()> trust_bundle;
    // Error: there is no authority of the hub's own, or it cannot certify that name.
    std::function<core::Result<WorkloadCertificate>(const CertificateWish& wish)> certify;
    // The gateway's secret, from which keys for encryption are derived: kWorkloadSecretBytes. Error: it cannot be read or made.
    std::function<core::Result<std::string>()> secret;
    std::string device = {};  // whose modules they are
  };
  explicit WorkloadDesk(Parts parts) : parts_(std::move(parts)) {}

  // `module` is who owns the socket that the request came by.
  [[nodiscard]] WorkloadAnswer answer(const std::string& module, const WorkloadRequest& request);
  [[nodiscard]] const WorkloadCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] WorkloadAnswer trust() const;
  [[nodiscard]] WorkloadAnswer sign(const WorkloadIdentity& identity, std::string_view body);
  [[nodiscard]] WorkloadAnswer certify_server(const std::string& module, std::string_view body);
  [[nodiscard]] WorkloadAnswer certify_identity(const std::string& module, std::string_view body);
  [[nodiscard]] WorkloadAnswer certify(const CertificateWish& wish);
  [[nodiscard]] WorkloadAnswer encrypt(const std::string& module, const WorkloadIdentity& identity,
                                       std::string_view body) const;
  [[nodiscard]] WorkloadAnswer decrypt(const std::string& module, const WorkloadIdentity& identity,
                                       std::string_view body) const;

  Parts parts_;
  WorkloadCounts counts_;
};

}  // namespace headgate::hub
