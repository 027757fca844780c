// What modules and devices of IoT Edge ask of the hub besides messages: twins, answers to direct methods; and what an operator
// asks of them. Wiring only; the rules are in hub/edge/twins and hub/edge/methods. Loop thread only.
#pragma once

#include <functional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/edge/clients.h"
#include "hub/edge/edge_id.h"
#include "hub/edge/verbs.h"
#include "store/queue_store.h"

namespace headgate::hub {

class DurableWaits;

class EdgeDesk : public EdgeVerbs {
 public:
  // True for an identity that is registered, connected or not.
  using IsKnown = std::function<bool(const EdgeId& id)>;

  // All is borrowed and must outlive the desk.
  struct Parts {
    store::QueueStore& store;
    DurableWaits& waits;
    EdgeClients& clients;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit EdgeDesk(const Parts& parts);
  ~EdgeDesk() override;

  // Nobody is known before.
  void use_identities(IsKnown is_known);

  // Takes a publish to `$iothub/devices/D[/modules/M]/…`; its answer comes over EdgeClients, now or later. False: the topic is
  // none of the protocol's, or not the client's own, and the client is to be disconnected.
  bool on_request(const EdgeId& from, const core::Message& request, core::Now now);
  // The client has connected, or has subscribed to more.
  void on_connected(const EdgeId& client, core::Now now);
  // Call about once a second.
  void tick(core::Now now);
};

}  // namespace headgate::hub
