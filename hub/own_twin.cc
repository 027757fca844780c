// Desired properties of $edgeHub: what its twin needs of the hub.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "hub/hub.h"

namespace headgate::hub {
namespace {

// Things that are wrong with routes of $edgeHub, each once.
std::vector<std::string> wrong_with_hub_routes(const Engine& engine, const std::vector<std::string>& kept) {
  std::vector<std::string> wrong;
  for (const std::string& one : kept)
    if (one.starts_with(kRoutesStay)) wrong.push_back(one);
  for (const RouteInfo& route : engine.describe_mistakes()) {
    if (route.file != kEdgeHub) continue;
    const std::string text = route.error + (route.kept ? "\nits version of before stays in force" : "");
    if (std::ranges::find(wrong, text) == wrong.end()) wrong.push_back(text);
  }
  return wrong;
}

}  // namespace

void Hub::serve_hub_twin() {
  if (config_.iot_edge.device_id.empty()) return;
  HubTwin& twin = engine_.edge().hub();
  reloads_.use_weakest(
      twin.serve({.device = config_.iot_edge.device_id,
                  .version = std::string(kVersion),
                  .put_in_force =
                      [this](HubTwin::Routes routes, std::function<void()> done) {
                        reloads_.in_turn([this, routes = std::move(routes),
                                          done = std::move(done)](const Reloads::Over& over) {
                          reloads_.use_weakest(routes);
                          (void)reloads_.begin();
                          reloads_.look_at_routes(config_, config_path_, true, [this, done, over] {
                            reloads_.log();
                            done();
                            over();
                          });
                        });
                      },
                  .wrong = [this] { return wrong_with_hub_routes(engine_, reloads_.report().kept); }}));
  reloads_.on_used([&twin] { twin.on_routes(); });
}

}  // namespace headgate::hub
