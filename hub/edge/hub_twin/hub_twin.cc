#include "hub/edge/hub_twin/hub_twin.h"

#include <utility>

#include "hub/edge/hub_twin/report.h"
#include "hub/edge/settings.h"

namespace headgate::hub {

HubTwin::Routes HubTwin::serve(Hub hub) {
  hub_ = std::move(hub);
  self_ = {hub_.device, std::string(kEdgeHub)};
  changed_ = true;
  const auto twin = twins_.twin(self_);
  const HubDesired desired = twin ? read_hub_desired(*twin) : unreadable_hub_desired(twin.error().what);
  version_ = desired.version;
  return desired.routes;
}

EdgeId HubTwin::named(const EdgeId& id) const {
  const bool is_short = !id.is_module() && id.device == kEdgeHub;
  return is_short && !hub_.device.empty() ? self_ : id;
}

EdgeVerbs::OnTwin HubTwin::after_change(const EdgeId& id, EdgeVerbs::OnTwin done) {
  if (hub_.device.empty() || id != self_) return done;
  return [this, done = std::move(done)](const core::Result<std::string>& twin) {
    if (!twin) return done(twin);
    const HubDesired desired = read_hub_desired(*twin);
    hub_.put_in_force(desired.routes, [this, version = desired.version, done] {
      version_ = version;
      report([this, done] { done(twins_.twin(self_)); });
    });
  };
}

void HubTwin::on_connected(const EdgeId& client, core::Now now) {
  if (clients_.connected(client, now.wall_ms)) changed_ = true;
}

void HubTwin::on_disconnected(const EdgeId& client, core::Now now) {
  if (clients_.disconnected(client, now.wall_ms)) changed_ = true;
}

void HubTwin::tick(core::Now now, const std::function<bool(const EdgeId& id)>& is_known) {
  if (hub_.device.empty() || !changed_ || now.mono_ms < next_mono_ms_) return;
  clients_.keep(is_known);
  report([] {});
}

void HubTwin::report(std::function<void()> done) {
  changed_ = false;
  next_mono_ms_ = clock_.now().mono_ms + kReportEveryMs;
  const std::string json = hub_report_json({hub_.version, version_, hub_.wrong()}, clients_);
  twins_.set_reported(self_, json, [this, done = std::move(done)](const core::Result<std::string>& written) {
    if (!written) changed_ = true;  // it is written the next time
    done();
  });
}

}  // namespace headgate::hub
