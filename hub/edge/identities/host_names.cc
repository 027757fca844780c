#include "hub/edge/identities/host_names.h"

#include <algorithm>
#include <cstdint>

#include "core/text.h"

namespace headgate::hub {
namespace {

// "gateway:8883" → "gateway". What is no port stays.
std::string_view without_port(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const std::string_view port = host.substr(colon + 1);
  return core::parse_whole<uint16_t>(port) ? host.substr(0, colon) : host;
}

}  // namespace

bool HostNames::have(std::string_view host) const {
  const auto is_known = [this](std::string_view name) {
    const auto is_it = [name](const std::string& known) {
      return !known.empty() && core::equals_ignoring_case(known, name);
    };
    return is_it(hub) || std::ranges::any_of(gateways, is_it);
  };
  return is_known(host) || is_known(without_port(host));
}

}  // namespace headgate::hub
