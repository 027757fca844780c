// Certificates of a test's own, made with openssl.
#pragma once

#include <string>

#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// ca.pem signs hub.pem (for localhost and 127.0.0.1) and client.pem (CN=panel-7, SAN DNS:panel.site);
// other.pem is an authority that has signed stranger.pem. Keys end in .key.
class Certificates {
 public:
  Certificates();

  [[nodiscard]] std::string file(const std::string& name) const { return (dir_.path() / name).string(); }
  // A new certificate for the hub, by the same authority, in the same files.
  void renew_hub() const;
  // The same, but it expired yesterday.
  void expire_hub() const;
  // Rubbish in the place of the hub's certificate.
  void spoil_hub() const { dir_.write("hub.pem", "this is no certificate\n"); }
  // In hex, as `openssl x509 -serial` prints it.
  [[nodiscard]] std::string hub_serial() const;

 private:
  void sign(const std::string& name, const std::string& subject, const std::string& alternative,
            const std::string& authority, int days = 60) const;
  void shell(const std::string& script) const;

  ScratchDir dir_;
};

}  // namespace headgate::e2e
