#include "hub/edge/identities/user_name.h"

#include <array>

#include "core/topic.h"

namespace headgate::hub {
namespace {

// "?a=1&api-version=2021-04-12": whether the first of that name has a value.
bool has_api_version(std::string_view properties) {
  if (properties.starts_with('?')) properties.remove_prefix(1);
  while (!properties.empty()) {
    const size_t end = properties.find('&');
    const std::string_view one = properties.substr(0, end);
    const size_t equals = one.find('=');
    if (one.substr(0, equals) == "api-version")
      return equals != std::string_view::npos && equals + 1 < one.size();
    properties.remove_prefix(end == std::string_view::npos ? properties.size() : end + 1);
  }
  return false;
}

}  // namespace

std::optional<SdkUserName> parse_sdk_user_name(std::string_view text) {
  core::TopicLevels segments(text);
  std::array<std::string_view, 4> parts;
  size_t count = 0;
  while (const auto segment = segments.next()) {
    if (count == parts.size()) return std::nullopt;
    parts.at(count++) = *segment;
  }
  if (count < 3 || !has_api_version(parts.at(count - 1))) return std::nullopt;
  const SdkUserName name{parts[0], parts[1], count == 4 ? parts[2] : std::string_view()};
  const bool whole = !name.host.empty() && !name.device.empty() && (count == 3 || !name.module.empty());
  return whole ? std::optional(name) : std::nullopt;
}

}  // namespace headgate::hub
