#include "hub/admin/url.h"

#include "core/text.h"

namespace headgate::hub {
namespace {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string_view hex = text.substr(i + 1, 2);
    const auto byte = core::parse_whole<uint8_t>(hex, 16);
    if (hex.size() != 2 || !byte) return std::nullopt;
    decoded += static_cast<char>(*byte);
    i += 2;
  }
  return decoded;
}

// Takes the part before the next `separator` off the front.
std::string_view take(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

bool add_parameter(Url& url, std::string_view parameter) {
  const auto name = percent_decode(take(parameter, '='));
  const auto value = percent_decode(parameter);
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
    auto segment = percent_decode(take(path, '/'));
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
