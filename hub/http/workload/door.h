// The workload API of a hub: its sockets, whom they are for, and the certificates that it hands out. Loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/edge/ca/authority.h"
#include "hub/edge/identities/registry.h"
#include "hub/edge/workload/desk.h"
#include "hub/http/workload/sockets.h"

namespace headgate::hub {

class WorkloadDoor {
 public:
  struct Settings {
    std::string dir;          // of the sockets
    std::string device;       // whose modules they are for
    std::string cert_file;    // of the listeners: the chain whose last certificate is the trust bundle
    std::string bundle_file;  // in its place; empty: none
    std::string ca_dir;       // of the hub's own authority, which certifies modules; it may not be there
    std::string hub_host;     // of the cloud's hub, which URIs of modules begin with
    std::string secret_file;  // from which keys for encryption are derived; made when the first is needed
  };
  // `io`, `clock` and `log` must outlive it.
  WorkloadDoor(boost::asio::io_context& io, const core::Clock& clock, core::Log& log, Settings settings);

  // Serves the device's modules that have keys and are enabled, with certificates as they are in the files now. At start, and again
  // whenever identities or certificates have changed. Error (io): the directory cannot be made. Files are read here.
  [[nodiscard]] core::Status use(const IdentityFile& identities);
  void close() { sockets_.close(); }
  [[nodiscard]] const WorkloadCounts& counts() const { return desk_.counts(); }

 private:
  void read_certificates();
  [[nodiscard]] std::optional<WorkloadIdentity> identity_of(const std::string& module) const;
  [[nodiscard]] core::Result<WorkloadCertificate> certify(const CertificateWish& wish) const;

  const Settings settings_;
  const core::Clock& clock_;
  IdentityFile identities_;
  core::Result<std::string> bundle_;
  std::optional<Certified> authority_;
  WorkloadDesk desk_;
  WorkloadSockets sockets_;
};

}  // namespace headgate::hub
