// Counts how often a channel wants to be looked at.
#pragma once

#include <cstddef>

#include "broker/session/channel.h"

namespace headgate::testing {

class RecordingShell : public broker::ChannelShell {
 public:
  void wake() override { ++wakes; }

  size_t wakes = 0;
};

}  // namespace headgate::testing
