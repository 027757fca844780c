#include "hub/edge/hub_twin/desired.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "hub/edge/settings.h"

namespace headgate::hub {

HubDesired read_hub_desired(std::string_view twin) {
  // Routes are in force, and reported, in the order in which they stand there.
  const auto json = nlohmann::ordered_json::parse(twin, nullptr, /*allow_exceptions=*/false);
  const auto desired = json.is_object() ? json.find("desired") : json.end();
  if (desired == json.end()) return unreadable_hub_desired("the stored twin cannot be read");
  HubDesired read;
  const auto version = desired->find("$version");
  if (version != desired->end() && version->is_number_integer()) read.version = version->get<int64_t>();
  read.routes =
      std::make_shared<const routing::RouteFile>(routing::parse_desired_routes(desired->dump(), kEdgeHub));
  return read;
}

HubDesired unreadable_hub_desired(std::string_view why) {
  auto broken = std::make_shared<routing::RouteFile>();
  const std::string file(kEdgeHub);
  broken->errors.push_back({file, "", file + ": " + std::string(why)});
  return {1, std::move(broken)};
}

}  // namespace headgate::hub
