// The engine's side for clients with a user name of IoT Edge: who speaks the dialect is answered at the desk, who uses its topics
// in plain MQTT is warned of. Wiring only.
#pragma once

#include <string_view>

#include "broker/broker.h"
#include "core/clock.h"
#include "core/log.h"
#include "hub/edge/desk.h"
#include "hub/engine/edge/sessions.h"
#include "hub/observe/sdk_topics.h"
#include "store/queue_store.h"

namespace headgate::hub {

class DurableWaits;

class EdgeSide {
 public:
  // All is borrowed and must outlive this.
  struct Parts {
    const broker::Broker& broker;
    store::QueueStore& store;
    DurableWaits& waits;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit EdgeSide(const Parts& parts)
      : sessions_(parts.broker),
        desk_({parts.store, parts.waits, sessions_, parts.clock}),
        sdk_topics_(parts.log) {
    sessions_.use(&desk_);
  }
  EdgeSide(const EdgeSide&) = delete;
  EdgeSide& operator=(const EdgeSide&) = delete;

  // Twins, methods and messages of devices and modules.
  [[nodiscard]] EdgeDesk& desk() { return desk_; }
  [[nodiscard]] const EdgeDesk& desk() const { return desk_; }

  void on_connected(const broker::Session& session, core::Now now) { sessions_.on_connected(session, now); }
  void on_disconnected(const broker::Session& session, core::Now now) {
    sessions_.on_disconnected(session, now);
  }
  void on_subscribed(const broker::Session& session, std::string_view filter) {
    sdk_topics_.on_subscribe(session, filter);
  }
  void on_publish(const broker::Session& from, std::string_view topic) {
    sdk_topics_.on_publish(from, topic);
  }
  // See BrokerEvents::on_edge_request().
  void on_request(broker::Session& from, const core::Message& request, broker::PublishToken token,
                  core::Now now) {
    sessions_.on_request(from, request, token, now);
  }
  // Call about once a second.
  void tick(core::Now now) { desk_.tick(now); }

 private:
  EdgeSessions sessions_;
  EdgeDesk desk_;
  SdkTopics sdk_topics_;
};

}  // namespace headgate::hub
