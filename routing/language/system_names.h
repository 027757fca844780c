// System properties of a message that conditions may name, with `$`, in any case.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace headgate::routing {

// Properties that devices send as user properties, under the names of the IoT Hub property bag (`$.mid`). Sender ids
// are not among them: only the hub says who sent a message.
struct BagName {
  std::string_view system;
  std::string_view bag;
};
inline constexpr std::array kBagNames = {
    BagName{"messageId", "$.mid"},
    BagName{"correlationId", "$.cid"},
    BagName{"cid", "$.cid"},
    BagName{"userId", "$.uid"},
    BagName{"to", "$.to"},
    BagName{"messageSchema", "$.schema"},
    BagName{"creationTime", "$.ctime"},
    BagName{"iothub-interface-id", "$.ifid"},
    BagName{"dt-subject", "$.sub"},
    BagName{"absolute-expiry-time", "$.exp"},
    BagName{"outputName", "$.on"},
    BagName{"messageType", "messageType"},
};

// Names that the hub knows itself (routing/evaluation/message_fields.cc), and those of the bag.
[[nodiscard]] constexpr auto system_property_names() {
  constexpr std::array<std::string_view, 6> kOwn = {
      "contentType", "contentEncoding", "connectionDeviceId", "connectionModuleId", "topic", "enqueuedTime"};
  std::array<std::string_view, kOwn.size() + kBagNames.size()> names{};
  size_t count = 0;
  for (const std::string_view own : kOwn) names[count++] = own;
  for (const BagName& sent : kBagNames) names[count++] = sent.system;
  return names;
}

}  // namespace headgate::routing
