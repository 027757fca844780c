// Messages that came down from an upstream broker. They do not go up again, unless a route says so.
#pragma once

#include <string_view>

#include "core/message.h"

namespace headgate::routing {

// Client id of their source.
inline constexpr std::string_view kDownstreamClient = "$downstream";

[[nodiscard]] inline bool came_down(const core::Message& message) {
  return message.source && message.source->client_id == kDownstreamClient;
}

}  // namespace headgate::routing
