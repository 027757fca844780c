#include "hub/http/workload/door.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "core/os/file_rights.h"
#include "core/text/percent.h"
#include "hub/edge/ca/directory.h"
#include "hub/http/workload/secret.h"

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

// The form in which the cloud takes certificates of modules, so that none can be that of a device.
ClientNames client_names(const WorkloadDoor::Settings& settings, const std::string& module) {
  return {EdgeId{settings.device, module}.id(), "azureiot://" + settings.hub_host + "/devices/" +
                                                    core::percent_encoded(settings.device) + "/modules/" +
                                                    core::percent_encoded(module)};
}

}  // namespace

WorkloadDoor::WorkloadDoor(boost::asio::io_context& io, const core::Clock& clock, core::Log& log,
                           Settings settings)
    : settings_(std::move(settings)),
      clock_(clock),
      bundle_(core::fail(core::Errc::not_found, "certificates have not been read")),
      desk_({.identity_of = [this](const std::string& module) { return identity_of(module); },
             .trust_bundle = [this] { return bundle_; },
             .certify = [this](const CertificateWish& wish) { return certify(wish); },
             .secret = [this] { return read_or_make_secret(settings_.secret_file); },
             .device = settings_.device}),
      sockets_(io, desk_, clock, log, settings_.dir) {}

core::Status WorkloadDoor::use(const IdentityFile& identities) {
  identities_ = identities;
  read_certificates();
  std::vector<ModuleSocket> modules;
  for (const auto& [id, identity] : identities_.all())
    if (id.device == settings_.device && id.is_module() && identity.enabled && identity.has_keys())
      modules.push_back({id.module, identity.socket_owner, identity.socket_mode});
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

core::Result<WorkloadCertificate> WorkloadDoor::certify(const CertificateWish& wish) const {
  if (!authority_)
    return core::fail(core::Errc::not_found,
                      "the hub has no authority of its own: headgate ca init makes one");
  const int64_t now_s = clock_.now().wall_ms / 1000;
  const int64_t days =
      wish.until_s ? std::clamp<int64_t>((*wish.until_s - now_s) / kDayOfCertificateS, 1, kModuleDaysMax)
                   : kModuleDaysMax;
  const auto made =
      wish.kind == CertificateWish::Kind::server
          ? make_server_certificate(*authority_, {wish.module}, now_s, days)
          : make_client_certificate(*authority_, client_names(settings_, wish.module), now_s, days);
  if (!made) return core::fail(made.error());
  return WorkloadCertificate{made->certificate, made->key, made->expires_s};
}

}  // namespace headgate::hub
