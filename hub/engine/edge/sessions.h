// Sessions of clients that speak the dialect of IoT Edge, between the broker and whoever answers them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "core/clock.h"
#include "hub/edge/clients.h"
#include "hub/edge/requests.h"

namespace headgate::hub {

class EdgeSessions : public EdgeClients {
 public:
  // Borrowed, as is whoever use() names.
  explicit EdgeSessions(const broker::Broker& broker) : broker_(broker) {}

  // Takes what the clients ask from now on. Without it requests are acknowledged and have no answer.
  void use(EdgeRequests* requests) { requests_ = requests; }

  // Clients of plain MQTT are none, whatever their client id says.
  [[nodiscard]] bool is_subscribed(const EdgeId& client, std::string_view filter) const override;
  bool send(const EdgeId& client, std::string topic, std::string body, core::Now now) override;

  // See BrokerEvents::on_edge_request().
  void on_request(broker::Session& from, const core::Message& request, broker::PublishToken token,
                  core::Now now);
  // See EdgeRequests. Sessions of plain MQTT are left alone.
  void on_connected(const broker::Session& session, core::Now now);
  void on_disconnected(const broker::Session& session, core::Now now);

 private:
  [[nodiscard]] std::shared_ptr<broker::Session> find(const EdgeId& client) const;

  const broker::Broker& broker_;
  EdgeRequests* requests_ = nullptr;
};

}  // namespace headgate::hub
