// Whoever has sent a message, as Azure IoT Hub knows devices and modules, and the topic that the message goes up on. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "core/message.h"

namespace headgate::upstream {

struct CloudIdentity {
  std::string device;
  std::string module = {};  // empty: the device itself

  // "D" or "D/M": the client id.
  [[nodiscard]] std::string id() const { return module.empty() ? device : device + "/" + module; }
  // "devices/D" or "devices/D/modules/M": of topics, and of what tokens are for.
  [[nodiscard]] std::string path() const;

  friend auto operator<=>(const CloudIdentity&, const CloudIdentity&) = default;
};

// Nullopt: a client that is no device, or the hub itself.
[[nodiscard]] std::optional<CloudIdentity> sender_of(const core::Message& message);

// Topic of a message that goes up under this identity: `…/messages/events/` and its properties as a bag, percent-encoded.
//  - Content type, encoding and correlation data go as `$.ct`, `$.ce` and `$.cid`; other system properties keep their names.
//  - `$.on`, `$.cdid` and `$.cmid` are the hub's own, and stay.
//  - Where somebody else has sent the message, `originDevice`, `originModule` and `originTopic` say who and on which topic of
//    the hub. A client's properties of these names are left out, and so is what is no text.
[[nodiscard]] std::string events_topic(const CloudIdentity& under, const core::Message& message);

}  // namespace headgate::upstream
