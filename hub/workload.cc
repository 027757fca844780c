// The sockets by which modules have their tokens signed.
#include <algorithm>
#include <utility>

#include "hub/hub.h"

namespace headgate::hub {
namespace {

// The file of the certificate that modules meet.
std::string certificate_of_dialect(const Config& config) {
  const auto found = std::ranges::find_if(config.listeners, [](const ListenerConfig& listener) {
    return listener.options.policy.dialect == broker::Dialect::iot_edge &&
           !listener.options.tls.cert_file.empty();
  });
  return found == config.listeners.end() ? "" : found->options.tls.cert_file;
}

WorkloadDoor::Settings workload_settings(const Config& config) {
  return {.dir = config.iot_edge.workload_dir,
          .device = config.iot_edge.device_id,
          .cert_file = certificate_of_dialect(config),
          .bundle_file = config.iot_edge.trust_bundle_file,
          .ca_dir = config.data_dir + "/ca",
          .hub_host = config.iot_edge.hub_host_name,
          .secret_file = config.data_dir + "/workload.key"};
}

}  // namespace

core::Status Hub::listen_workload() {
  if (config_.iot_edge.workload_dir.empty()) return {};
  workload_ =
      std::make_unique<WorkloadDoor>(io_, clock_, log_.of(core::LogPart::http), workload_settings(config_));
  return workload_->use(access_.edge().registered());
}

// After the identities and the certificates, of which it makes use.
void Hub::reload_workload(ReloadReport& report) {
  if (!workload_) return;
  if (const auto used = workload_->use(access_.edge().registered()); !used)
    report.kept.push_back("the sockets of modules stay: " + used.error().what);
}

}  // namespace headgate::hub
