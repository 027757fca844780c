#include "hub/remote/document.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "hub/config/route_files.h"
#include "routing/files/json_text.h"
#include "routing/files/route_file.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Takes routes that are null out of the object.
std::set<std::string, std::less<>> take_those_off(Json& routes) {
  std::set<std::string, std::less<>> off;
  if (!routes.is_object()) return off;
  Json others = Json::object();
  for (auto& [name, route] : routes.items()) {
    if (route.is_null())
      off.insert(name);
    else
      others[name] = std::move(route);
  }
  routes = std::move(others);
  return off;
}

}  // namespace

core::Result<Document> parse_document(std::string_view text) {
  auto json = routing::parse_json_text(text, kLayerFile);
  if (!json) return core::fail(json.error());
  Json file = {{"routes", Json::object()}};
  for (const char* const key : {"routes", "tables"}) {
    const auto found = json->find(key);
    if (found == json->end()) continue;
    file[key] = std::move(*found);
    json->erase(key);
  }
  auto layer = std::make_shared<RouteLayer>();
  layer->off = take_those_off(file["routes"]);
  layer->routes = routing::parse_route_file(file.dump(), kLayerFile);
  std::string wrong;
  for (const routing::RouteFileError& error : layer->routes.errors)
    wrong.append(wrong.empty() ? "" : "\n").append(error.what);
  if (!wrong.empty()) return core::fail(core::Errc::invalid, std::move(wrong));
  return Document{std::move(layer), json->dump()};
}

core::Result<Config> lay_over(Config local, const Document& document) {
  auto config = with_remote_settings(std::move(local), document.settings, kLayerFile);
  if (config) config->layer = document.layer;
  return config;
}

}  // namespace headgate::hub
