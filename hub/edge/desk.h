// Requests of modules and devices of IoT Edge besides messages: twins, answers to direct methods; and an operator's to them,
// with messages. Wiring only; the rules are in hub/edge/twins, methods and c2d. Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/edge/c2d/queues.h"
#include "hub/edge/clients.h"
#include "hub/edge/door.h"
#include "hub/edge/hub_twin/hub_twin.h"
#include "hub/edge/id.h"
#include "hub/edge/methods/calls.h"
#include "hub/edge/requests.h"
#include "hub/edge/twins/keeper.h"
#include "hub/edge/verbs.h"
#include "store/queue_store.h"

namespace headgate::hub {

class DurableWaits;

class EdgeDesk : public EdgeVerbs, public EdgeRequests {
 public:
  // True for an identity that is registered, connected or not.
  using IsKnown = std::function<bool(const EdgeId& id)>;

  // All is borrowed and must outlive the desk.
  struct Parts {
    store::QueueStore& store;
    DurableWaits& waits;
    EdgeClients& clients;
    const core::Clock& clock;
  };
  explicit EdgeDesk(const Parts& parts)
      : clock_(parts.clock),
        twins_({parts.store, parts.waits, parts.clients, parts.clock}),
        methods_(parts.clients),
        devices_({parts.store, parts.waits, parts.clock}),
        hub_(twins_, parts.clock) {}

  // Nobody is known before.
  void use_identities(IsKnown is_known) { is_known_ = std::move(is_known); }

  // `changed` is called when a queue of messages to a device was made.
  void on_queues(std::function<void()> changed) { devices_.on_queues(std::move(changed)); }

  // See TwinKeeper::publish_reports().
  void publish_reports(TwinKeeper::Publish publish) { twins_.publish_reports(std::move(publish)); }

  // ---- EdgeRequests ----
  bool on_request(const EdgeId& from, const core::Message& request, core::Now now) override;
  void on_connected(const EdgeId& client, core::Now now) override;
  void on_disconnected(const EdgeId& client, core::Now now) override { hub_.on_disconnected(client, now); }
  // Call about once a second.
  void tick(core::Now now);

  // ---- EdgeVerbs ----
  [[nodiscard]] core::Status find(const EdgeId& id) const override;
  [[nodiscard]] core::Result<std::string> twin(const EdgeId& id) const override;
  void patch_twin(const EdgeId& id, const std::string& json, OnTwin done) override;
  void set_twin(const EdgeId& id, const std::string& json, OnTwin done) override;
  void call_method(MethodCall call, OnMethod done) override;
  void send_to_device(DeviceMessage message, OnSent done) override;
  void forget(const EdgeId& id, OnForgotten done) override;

  [[nodiscard]] const TwinKeeper& twins() const { return twins_; }
  [[nodiscard]] const MethodCalls& methods() const { return methods_; }
  [[nodiscard]] const DeviceQueues& devices() const { return devices_; }
  [[nodiscard]] DoorCounts& door() { return door_; }
  [[nodiscard]] const DoorCounts& door() const { return door_; }
  // The hub's own twin: nobody has it before it is served.
  [[nodiscard]] HubTwin& hub() { return hub_; }

 private:
  [[nodiscard]] core::Status find_exactly(const EdgeId& id) const;

  const core::Clock& clock_;
  IsKnown is_known_ = [](const EdgeId&) { return false; };
  TwinKeeper twins_;
  MethodCalls methods_;
  DeviceQueues devices_;
  DoorCounts door_;
  HubTwin hub_;
};

}  // namespace headgate::hub
