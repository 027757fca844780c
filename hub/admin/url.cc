#include "hub/admin/url.h"

#include "core/text/percent.h"

namespace headgate::hub {
namespace {

// Takes the part before the next `separator` off the front.
std::string_view take(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

bool add_parameter(Url& url, std::string_view parameter) {
  const auto name = core::percent_decoded(take(parameter, '='));
  const auto value = core::percent_decoded(parameter);
  if (name && value) url.query[*name] = *value;
  return name && value;
}

}  // namespace

std::optional<Url> parse_url(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  target.remove_prefix(1);
  Url url;
  std::string_view query = target;
  std::string_view path = take(query, '?');
  while (!path.empty()) {
    auto segment = core::percent_decoded(take(path, '/'));
    if (!segment) return std::nullopt;
    url.path.push_back(std::move(*segment));
  }
  while (!query.empty()) {
    const std::string_view parameter = take(query, '&');
    if (!parameter.empty() && !add_parameter(url, parameter)) return std::nullopt;
  }
  return url;
}

}  // namespace headgate::hub
