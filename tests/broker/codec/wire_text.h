// A notation for packets that people can read and check against the standard.
#pragma once

#include <string>
#include <string_view>

namespace headgate::testing {

// Bytes from text: hex digits in pairs (spaces anywhere between them), 'text' as it is, `<…>` with two bytes
// of length in front (a string), `(…)` with a variable byte integer in front (a packet's rest, a property
// section). "10 (<'MQTT'> 04 02 003C <'me'>)" is a CONNECT. Throws std::invalid_argument for anything else.
[[nodiscard]] std::string wire(std::string_view text);

// The opposite, in hex, for messages: "10 0C 00 04".
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace headgate::testing
