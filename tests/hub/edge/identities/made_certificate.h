// Certificates that a test makes in memory, for what is judged without a handshake.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>

namespace headgate::testing {

class MadeCertificate {
 public:
  // Signed by `by`, or by itself. Valid for a day round that Unix time.
  MadeCertificate(const std::string& common_name, int64_t wall_ms, const MadeCertificate* by = nullptr,
                  bool is_authority = false);

  [[nodiscard]] std::string der() const;
  [[nodiscard]] std::string pem() const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

}  // namespace headgate::testing
