// Cost of a message in memory, for the limits that count it.
#pragma once

#include <cstddef>

#include "core/message.h"

namespace headgate::broker {

// Counts the strings of a message.
[[nodiscard]] inline size_t memory_bytes(const core::Message& message) {
  const core::Properties& properties = message.props();
  size_t bytes = message.topic.size() + message.body.size() + properties.content_type.size() +
                 properties.response_topic.size() + properties.correlation_data.size();
  for (const core::UserProperty& user : properties.user) bytes += user.name.size() + user.value.size();
  return bytes;
}

}  // namespace headgate::broker
