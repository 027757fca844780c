#include "hub/edge/identities/rights.h"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace headgate::hub {
namespace {

using broker::Action;
using broker::Actions;
using broker::Rights;

constexpr Actions kPublish = static_cast<Actions>(Action::publish);
constexpr Actions kReceive = static_cast<Actions>(Action::subscribe) | static_cast<Actions>(Action::receive);

// Twins and methods, spelled out: a device's `$iothub/devices/D/#` would reach into those of its modules.
void add_requests(std::vector<Rights::Rule>& rules, const std::string& place) {
  for (const std::string_view part : {"/twin/#", "/methods/#"})
    rules.push_back({true, kReceive, "$iothub/" + place + std::string(part)});
}

}  // namespace

std::shared_ptr<const Rights> edge_rights(const EdgeId& id, std::string_view own_device) {
  const std::string device = "devices/" + id.device;
  std::vector<Rights::Rule> rules;
  if (!id.is_module()) {
    rules.push_back({true, kPublish, device + "/messages/events"});
    rules.push_back({true, kReceive, device + "/messages/devicebound"});
    add_requests(rules, device);
    return std::make_shared<const Rights>(std::move(rules), "", true);
  }
  const bool is_own = id.device == own_device;
  const std::string place = is_own ? "modules/" + id.module : device + "/modules/" + id.module;
  rules.push_back({true, kPublish, place + "/messages/events"});
  if (!is_own) {
    rules.push_back({true, kPublish, place + "/outputs/#"});
    rules.push_back({true, kReceive, place + "/inputs/#"});
  }
  add_requests(rules, device + "/modules/" + id.module);
  return std::make_shared<const Rights>(std::move(rules), is_own ? id.module : "", true);
}

}  // namespace headgate::hub
