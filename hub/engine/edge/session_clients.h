// Clients of the dialect by their sessions: a client id is the name of its device or module.
#pragma once

#include <string>
#include <string_view>

#include "broker/broker.h"
#include "hub/edge/clients.h"

namespace headgate::hub {

class SessionClients : public EdgeClients {
 public:
  // `broker` is borrowed and must outlive this.
  explicit SessionClients(broker::Broker& broker) : broker_(broker) {}

  [[nodiscard]] bool is_subscribed(const EdgeId& client, std::string_view filter) const override;
  bool send(const EdgeId& client, std::string topic, std::string body, core::Now now) override;

 private:
  // The session of a client that is connected; else null.
  [[nodiscard]] std::shared_ptr<broker::Session> connected(const EdgeId& client) const;

  broker::Broker& broker_;
};

// Device or module of a session's client; empty names of any other client's.
[[nodiscard]] EdgeId edge_client(const broker::Session& session);

}  // namespace headgate::hub
