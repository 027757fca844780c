// A message in two words, and a packet's body, for tests of the codec.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/codec/frame.h"
#include "core/message.h"

namespace headgate::testing {

[[nodiscard]] inline core::Message message_of(std::string topic, std::string body) {
  core::Message message;
  message.topic = std::move(topic);
  message.body = std::move(body);
  return message;
}

// The bytes behind the fixed header of the first packet in `packet`, which must outlive the view.
[[nodiscard]] inline std::string_view body_of(const std::string& packet) {
  return broker::next_frame(packet, packet.size()).frame.body;
}

}  // namespace headgate::testing
