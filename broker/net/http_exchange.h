// An HTTPS request that came in by a listener for MQTT over WebSocket, and its answer, as values: who listens hands over what is no
// upgrade, and knows nothing of what is done with it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"

namespace headgate::broker {

struct HttpRequest {
  std::string method;  // "POST"
  std::string target;  // as it was sent: "/twins/a%40b/methods?api-version=1"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // whole, within the listener's bound
  std::string peer;                                          // "192.0.2.7:40312"

  // The first of that name, which is in lower case; empty: there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [known, value] : headers)
      if (known == name) return value;
    return {};
  }
};

struct HttpAnswer {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
};

// To be called on the loop thread, from within the handler or later, once; further calls say nothing. It may be called when the client has
// gone, and may be dropped uncalled, which is a 500.
using RespondHttp = std::function<void(HttpAnswer answer)>;
// Called on the loop thread for each request, one at a time a connection.
using HttpHandler = std::function<void(HttpRequest request, core::Now now, RespondHttp respond)>;

}  // namespace headgate::broker
