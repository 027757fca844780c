// Direct methods over HTTPS, as modules of the own edge device call them:
//
//   POST /twins/{device}/methods
//   POST /twins/{device}/modules/{module}/methods
//   x-ms-edge-moduleId: {device}/{module}      who calls
//   Authorization: SharedAccessSignature …     a token of the caller
//
// The body and its answer are those of hub/edge/methods/body.h. No connection of the caller over MQTT is needed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "hub/edge/door.h"
#include "hub/edge/id.h"
#include "hub/edge/verbs.h"

namespace headgate::hub {

struct MethodDoor {
  EdgeVerbs& verbs;  // borrowed; must outlive the handler
  std::string own_device;
  // Whether that header is a token of the identity, see EdgeIdentities::verify().
  std::function<core::Status(std::string_view authorization, const EdgeId& caller, core::Now now)> verify;
  // Told of each caller that gets a 401: what the header names, and why. May be empty.
  std::function<void(const HttpRequest& request, std::string_view caller, std::string_view why,
                     core::Now now)>
      on_unauthorized = {};
};

// Answers 400 (a header is missing, the body is wrong), 401 (who calls?), 404 (there is no such path; the target is not there), 504, as
// edgeHub does.
[[nodiscard]] HttpHandler method_door(MethodDoor parts);

}  // namespace headgate::hub
