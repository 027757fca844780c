#include "hub/remote/document.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "hub/config/route_files.h"
#include "hub/edge/twins/properties.h"
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

void add_line(std::string& lines, const std::string& line) {
  lines.append(lines.empty() ? "" : "\n").append(line);
}

// A line for what is wrong with it; else it is added.
std::string take_twin(const std::string& name, const Json& properties, std::vector<DesiredTwin>& twins) {
  const std::string place = std::string(kLayerFile) + ": " + routing::join_path("twins", name) + ": ";
  const auto id = parse_edge_id(name);
  if (!id) return place + "is no identity; allowed: DEVICE or DEVICE/MODULE";
  std::string text = properties.dump();
  if (const auto read = read_twin_properties(text, TwinNulls::refused); !read)
    return place + read.error().what;
  if (text.size() > kTwinBytesMax)
    return place + "has " + std::to_string(text.size()) + " bytes; allowed: " + std::to_string(kTwinBytesMax);
  twins.push_back({*id, std::move(text)});
  return {};
}

// Takes them out of the document.
core::Result<std::vector<DesiredTwin>> take_twins(Json& document) {
  std::vector<DesiredTwin> twins;
  const auto found = document.find("twins");
  if (found == document.end()) return twins;
  std::string wrong;
  if (!found->is_object())
    wrong = std::string(kLayerFile) + ": twins: is " + routing::describe(*found) +
            "; allowed: {\"DEVICE/MODULE\": {…}}";
  else
    for (const auto& [name, properties] : found->items())
      if (const std::string line = take_twin(name, properties, twins); !line.empty()) add_line(wrong, line);
  if (!wrong.empty()) return core::fail(core::Errc::invalid, std::move(wrong));
  document.erase(found);
  return twins;
}

}  // namespace

core::Result<Document> parse_document(std::string_view text) {
  auto json = routing::parse_json_text(text, kLayerFile);
  if (!json) return core::fail(json.error());
  auto twins = take_twins(*json);
  if (!twins) return core::fail(twins.error());
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
  for (const routing::RouteFileError& error : layer->routes.errors) add_line(wrong, error.what);
  if (!wrong.empty()) return core::fail(core::Errc::invalid, std::move(wrong));
  return Document{std::move(layer), json->dump(), *std::move(twins)};
}

core::Result<Config> lay_over(Config local, const Document& document) {
  auto config = with_remote_settings(std::move(local), document.settings, kLayerFile);
  if (config) config->layer = document.layer;
  return config;
}

}  // namespace headgate::hub
