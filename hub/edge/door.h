// The HTTPS side of a listener that speaks IoT Edge's dialect: calls of methods below `/twins/`, and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/net/http_exchange.h"

namespace headgate::hub {

using broker::HttpAnswer;
using broker::HttpHandler;
using broker::HttpRequest;
using broker::RespondHttp;

// A failure as Azure IoT's SDKs read it. `message` is plain ASCII without quotes.
[[nodiscard]] inline HttpAnswer door_failure(unsigned status, std::string_view message) {
  return {status, R"({"message":")" + std::string(message) + "\"}"};
}

// Hands requests below `/twins/` to `twins`, which answers 404 to those that it does not know; all others get a 404 here. Neither the admin API
// nor the metrics or the console can be reached.
[[nodiscard]] inline HttpHandler edge_door(HttpHandler twins) {
  return [twins = std::move(twins)](HttpRequest request, core::Now now, RespondHttp respond) {
    if (!request.target.starts_with("/twins/")) return respond(door_failure(404, "there is nothing here"));
    twins(std::move(request), now, std::move(respond));
  };
}

}  // namespace headgate::hub
