// Counts how often a channel wants to be looked at.
#pragma once

#include <cstddef>
#include <functional>

#include "broker/session/channel.h"

namespace headgate::testing {

class RecordingShell : public broker::ChannelShell {
 public:
  void wake() override { ++wakes; }
  void offer() override {
    ++offers;
    if (on_offer) on_offer();
  }

  size_t wakes = 0;
  size_t offers = 0;
  std::function<void()> on_offer;  // what a socket would take
};

}  // namespace headgate::testing
