// Shared access signatures, with which devices say to Azure IoT Hub who they are. Pure.
// https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-sas
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::upstream {

// `SharedAccessSignature sr=…&sig=…&se=…`: the HMAC-SHA-256 of the resource and the time, with the key. `resource` such as
// "hub.azure-devices.net/devices/pump"; `key_base64` as the portal shows it; `expires_s` Unix time. The text is a secret.
// Errors: invalid (the key is no base64).
[[nodiscard]] core::Result<std::string> sas_token(std::string_view resource, std::string_view key_base64,
                                                  int64_t expires_s);

// The signature alone, base64: of `resource` and `until` as they stand in the token. Errors: as sas_token().
[[nodiscard]] core::Result<std::string> sas_signature(std::string_view resource, std::string_view until,
                                                      std::string_view key_base64);

// Every byte but letters, digits and - _ . ~ as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace headgate::upstream
