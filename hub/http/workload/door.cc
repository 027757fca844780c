#include "hub/http/workload/door.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "core/os/file_rights.h"
#include "hub/edge/ca/directory.h"

namespace headgate::hub {
namespace {

constexpr int64_t kDayOfCertificateS = 86'400;
constexpr int64_t kModuleDaysMax = 90;

core::Result<std::string> text_at(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return core::fail(core::Errc::io, path + ": cannot be read: " + core::why_unreadable(path, errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

core::Result<std::string> bundle_of(const WorkloadDoor::Settings& settings) {
  if (!settings.bundle_file.empty()) return text_at(settings.bundle_file);
  if (settings.cert_file.empty())
    return core::fail(core::Errc::not_found, "no listener with the dialect iot-edge has a certificate");
  const auto chain = text_at(settings.cert_file);
  return chain ? last_certificate(*chain) : chain;
}

}  // namespace

WorkloadDoor::WorkloadDoor(boost::asio::io_context& io, const core::Clock& clock, core::Log& log,
                           Settings settings)
    : settings_(std::move(settings)),
      clock_(clock),
      bundle_(core::fail(core::Errc::not_found, "certificates have not been read")),
      desk_({.identity_of = [this](const std::string& module) { return identity_of(module); },
             .trust_bundle = [this] { return bundle_; },
             .certify = [this](const std::string& host, int64_t until_s) { return certify(host, until_s); }}),
      sockets_(io, desk_, clock, log, settings_.dir) {}

core::Status WorkloadDoor::use(const IdentityFile& identities) {
  identities_ = identities;
  read_certificates();
  std::vector<std::string> modules;
  for (const auto& [id, identity] : identities_.all())
    if (id.device == settings_.device && id.is_module() && identity.enabled && identity.has_keys())
      modules.push_back(id.module);
  return sockets_.serve(modules);
}

void WorkloadDoor::read_certificates() {
  bundle_ = bundle_of(settings_);
  auto certificate = text_at(settings_.ca_dir + "/" + std::string(kAuthorityFile));
  auto key = text_at(settings_.ca_dir + "/" + std::string(kAuthorityKeyFile));
  authority_.reset();
  if (certificate && key) authority_ = Certified{*std::move(certificate), *std::move(key)};
}

std::optional<WorkloadIdentity> WorkloadDoor::identity_of(const std::string& module) const {
  const RegisteredIdentity* const found = identities_.find({settings_.device, module});
  if (found == nullptr || !found->enabled) return std::nullopt;
  return WorkloadIdentity{found->generation_id, found->primary_key, found->secondary_key};
}

core::Result<WorkloadCertificate> WorkloadDoor::certify(const std::string& host, int64_t until_s) const {
  if (!authority_)
    return core::fail(core::Errc::not_found,
                      "the hub has no authority of its own: headgate ca init makes one");
  const int64_t now_s = clock_.now().wall_ms / 1000;
  const int64_t days = std::clamp<int64_t>((until_s - now_s) / kDayOfCertificateS, 1, kModuleDaysMax);
  const auto made = make_server_certificate(*authority_, {host}, now_s, days);
  if (!made) return core::fail(made.error());
  return WorkloadCertificate{made->certificate, made->key, now_s + days * kDayOfCertificateS};
}

}  // namespace headgate::hub
