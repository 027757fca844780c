// What a broker says about a client's bytes, whatever packet they are.
#pragma once

#include <optional>
#include <string_view>

#include "broker/codec/frame.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"

namespace headgate::testing {

// Decodes one frame with the decoder of its type. A packet only a server sends is a protocol error.
[[nodiscard]] broker::ReasonCode judge_frame(const broker::Frame& frame, broker::Version version);

// Frames and decodes the packet at the front of `bytes`; nullopt if more bytes are needed.
[[nodiscard]] std::optional<broker::ReasonCode> judge(std::string_view bytes, broker::Version version);

}  // namespace headgate::testing
