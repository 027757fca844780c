// User names of Azure IoT's SDKs: `{host}/{device}[/{module}]/[?]{name=value&…}`. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace headgate::hub {

// Parts of it, as they stand there: ids are not encoded. Views into the text that was parsed.
struct SdkUserName {
  std::string_view host;
  std::string_view device;
  std::string_view module;  // empty: a device
};

// Nullopt unless every part is there and the properties name an `api-version`, whose value does not matter. Of properties of one
// name the first counts.
[[nodiscard]] std::optional<SdkUserName> parse_sdk_user_name(std::string_view text);

}  // namespace headgate::hub
