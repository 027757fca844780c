// Requests of clients of the dialect to the hub itself: twins, answers to direct methods. Implemented by EdgeDesk and, in
// tests, by a recorder. Loop thread only.
#pragma once

#include "core/clock.h"
#include "core/message.h"
#include "hub/edge/id.h"

namespace headgate::hub {

class EdgeRequests {
 public:
  virtual ~EdgeRequests() = default;

  // Takes a publish to `$iothub/devices/D[/modules/M]/…`; its answer comes over EdgeClients, now or later. False: the topic is
  // none of the protocol's, or not the client's own, and the client is to be disconnected.
  virtual bool on_request(const EdgeId& from, const core::Message& request, core::Now now) = 0;
  // The client has connected, or has subscribed to more.
  virtual void on_connected(const EdgeId& client, core::Now now) = 0;
  virtual void on_disconnected(const EdgeId& client, core::Now now) = 0;
};

}  // namespace headgate::hub
