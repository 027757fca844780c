// The HTTPS side of a listener that speaks IoT Edge's dialect: calls of methods below `/twins/`, and nothing else.
#pragma once

#include <cstdint>
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

// Requests by what was answered.
struct DoorCounts {
  uint64_t answered = 0;      // 200
  uint64_t invalid = 0;       // 400
  uint64_t unauthorized = 0;  // 401
  uint64_t not_found = 0;     // 404: no such path, or the target is not there
  uint64_t other = 0;

  void count(unsigned status) {
    ++(status == 200   ? answered
       : status == 400 ? invalid
       : status == 401 ? unauthorized
       : status == 404 ? not_found
                       : other);
  }
};

// Hands requests below `/twins/` to `twins`, which answers 404 to those that it does not know; all others get a 404 here. Neither the admin API
// nor the metrics or the console can be reached. Counts in `counts`, which is borrowed and must outlive the handler.
[[nodiscard]] inline HttpHandler edge_door(HttpHandler twins, DoorCounts& counts) {
  return [twins = std::move(twins), &counts](HttpRequest request, core::Now now, RespondHttp respond) {
    auto counted = [&counts, respond = std::move(respond)](HttpAnswer answer) {
      counts.count(answer.status);
      respond(std::move(answer));
    };
    if (!request.target.starts_with("/twins/")) return counted(door_failure(404, "there is nothing here"));
    twins(std::move(request), now, std::move(counted));
  };
}

}  // namespace headgate::hub
