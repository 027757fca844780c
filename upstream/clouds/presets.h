// Demands of clouds on a link: forms of names and topics, limits, versions. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "upstream/options.h"

namespace headgate::upstream {

// Connections that prove who they are by a token are made anew after so long, before it ends.
inline constexpr int64_t kTokenRenewedS = 11 * 3600;

// The link as its preset completes it. What the operator has set stays, but for what the cloud knows only one form of.
//
// azure_iot_hub: MQTT 3.1.1 over TLS; client id and user name from host and device (a user name may have {identity} for it); the device's topic with content type
//   and encoding in its property bag; 256 KiB a message; a token for each connection, if there is a key and no certificate.
// aws_iot_core: 128 KiB a message; the protocol that port 443 asks for.
[[nodiscard]] NamedLink with_preset(NamedLink link, std::string_view hub_id, const BatchOptions& batch = {});

// Key of the link that the preset still misses, and what to do, for the operator. Empty: none.
struct PresetProblem {
  std::string_view key = {};
  std::string_view what = {};
};
[[nodiscard]] PresetProblem problem_of_preset(const NamedLink& link);

}  // namespace headgate::upstream
