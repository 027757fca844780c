#include <nlohmann/json.hpp>

#include "routing/files/manifest.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "properties.desired.";
constexpr std::string_view kRoutes = "routes.";

// The member as an object to be filled; null if something else is there already.
Json* section_of(Json& parent, std::string_view key) {
  Json& section = parent[std::string(key)];
  if (section.is_null()) section = Json::object();
  return section.is_object() ? &section : nullptr;
}

// Sets one member of a route, whose text may have come before as a string.
void set_member(Json& routes, std::string_view name, std::string_view key, const Json& value) {
  Json& route = routes[std::string(name)];
  if (route.is_null()) route = Json::object();
  if (route.is_string()) route = Json{{"route", route}};
  if (route.is_object()) route[std::string(key)] = value;
}

// Sets a route as a whole. A text leaves alone the members that came before it.
void set_route(Json& routes, std::string_view name, const Json& value) {
  Json& route = routes[std::string(name)];
  (value.is_string() && route.is_object() ? route["route"] : route) = value;
}

void place_route(Json& routes, std::string_view name, const Json& value) {
  for (const std::string_view key : {"route", "priority", "timeToLiveSecs"}) {
    const std::string ending = "." + std::string(key);
    if (name.size() > ending.size() && name.ends_with(ending))
      return set_member(routes, name.substr(0, name.size() - ending.size()), key, value);
  }
  set_route(routes, name, value);
}

void place(Json& desired, std::string_view path, const Json& value) {
  if (path.starts_with(kRoutes)) {
    if (Json* const routes = section_of(desired, "routes"))
      place_route(*routes, path.substr(kRoutes.size()), value);
    return;
  }
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    desired[std::string(path)] = value;
  } else if (Json* const section = section_of(desired, path.substr(0, dot))) {
    (*section)[std::string(path.substr(dot + 1))] = value;
  }
}

}  // namespace

Json layered_properties(const Json& hub) {
  Json desired = Json::object();
  if (!hub.is_object()) return desired;
  for (const auto& [key, value] : hub.items()) {
    if (key.starts_with(kPrefix)) place(desired, std::string_view(key).substr(kPrefix.size()), value);
  }
  return desired;
}

}  // namespace headgate::routing
